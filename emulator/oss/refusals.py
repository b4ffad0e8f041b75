"""How OSS says no: its documented codes, as values (the vendor's pages "Error responses" and "HTTP 403")."""

from __future__ import annotations

from emulator.errors import Refusal

ACCESS_DENIED = Refusal(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
DATE_MISSING = Refusal(403, "AccessDenied", "OSS authentication requires a valid Date.")
INVALID_ACCESS_KEY = Refusal(
    403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."
)
INVALID_AUTHORIZATION = Refusal(400, "InvalidArgument", "Authorization header is invalid.")
INVALID_TOKEN = Refusal(403, "InvalidSecurityToken", "The security token you provided is invalid.")
TOKEN_EXPIRED = Refusal(403, "SecurityTokenExpired", "The security token you provided has expired.")
TIME_SKEWED = Refusal(
    403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."
)
MISMATCH = Refusal(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)
NO_SUCH_BUCKET = Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
NO_SUCH_KEY = Refusal(404, "NoSuchKey", "The specified key does not exist.")
NO_SUCH_UPLOAD = Refusal(
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed.",
)
FILE_ALREADY_EXISTS = Refusal(
    409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten."
)
INVALID_OBJECT_NAME = Refusal(400, "InvalidObjectName", "The specified object is not valid.")
INVALID_ARGUMENT = Refusal(400, "InvalidArgument", "The specified argument is not valid.")
INVALID_DIGEST = Refusal(400, "InvalidDigest", "The Content-MD5 you specified is not valid.")
INVALID_PART = Refusal(
    400,
    "InvalidPart",
    "One or more of the specified parts could not be found or the specified entity tag might not have matched the "
    "part's entity tag.",
)
INVALID_PART_ORDER = Refusal(
    400,
    "InvalidPartOrder",
    "The list of parts was not in ascending order. Parts list must specified in order by part number.",
)
ENTITY_TOO_SMALL = Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.")
MALFORMED_XML = Refusal(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
PRECONDITION_FAILED = Refusal(
    412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
)
NOT_IMPLEMENTED = Refusal(501, "NotImplemented", "The emulator does not know this operation of OSS.")
THROTTLED = Refusal(503, "QpsLimitExceeded", "The QPS limit of the account is exceeded.")
