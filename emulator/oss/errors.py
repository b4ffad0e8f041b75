"""OSS's documented error responses (the vendor's pages "Error responses" and "HTTP 403")."""

from __future__ import annotations

from emulator.core.errors import ErrorResponse

ACCESS_DENIED = ErrorResponse(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
URL_EXPIRED = ErrorResponse(403, "AccessDenied", "Request has expired.")
DATE_MISSING = ErrorResponse(403, "AccessDenied", "OSS authentication requires a valid Date.")
INVALID_ACCESS_KEY = ErrorResponse(
    403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."
)
INVALID_AUTHORIZATION = ErrorResponse(400, "InvalidArgument", "Authorization header is invalid.")
INVALID_TOKEN = ErrorResponse(403, "InvalidSecurityToken", "The security token you provided is invalid.")
TOKEN_EXPIRED = ErrorResponse(403, "SecurityTokenExpired", "The security token you provided has expired.")
TIME_SKEWED = ErrorResponse(
    403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."
)
MISMATCH = ErrorResponse(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)
NO_SUCH_BUCKET = ErrorResponse(404, "NoSuchBucket", "The specified bucket does not exist.")
NO_SUCH_KEY = ErrorResponse(404, "NoSuchKey", "The specified key does not exist.")
NO_SUCH_UPLOAD = ErrorResponse(
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed.",
)
FILE_ALREADY_EXISTS = ErrorResponse(
    409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten."
)
BAD_REQUEST = ErrorResponse(400, "BadRequest", "The request is malformed.")
INVALID_OBJECT_NAME = ErrorResponse(400, "InvalidObjectName", "The specified object is not valid.")
INVALID_ARGUMENT = ErrorResponse(400, "InvalidArgument", "The specified argument is not valid.")
INVALID_DIGEST = ErrorResponse(400, "InvalidDigest", "The Content-MD5 you specified is not valid.")
INVALID_PART = ErrorResponse(
    400,
    "InvalidPart",
    "One or more of the specified parts could not be found or the specified entity tag might not have matched the "
    "part's entity tag.",
)
INVALID_PART_ORDER = ErrorResponse(
    400,
    "InvalidPartOrder",
    "The list of parts was not in ascending order. Parts list must specified in order by part number.",
)
ENTITY_TOO_SMALL = ErrorResponse(
    400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size."
)
MALFORMED_XML = ErrorResponse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
PRECONDITION_FAILED = ErrorResponse(
    412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
)
NOT_MODIFIED = ErrorResponse(304, "NotModified", "The source has not been modified.")
OBJECT_NOT_APPENDABLE = ErrorResponse(409, "ObjectNotAppendable", "The object is not appendable")
POSITION_NOT_EQUAL_TO_LENGTH = ErrorResponse(409, "PositionNotEqualToLength", "Position is not equal to file length")
INVALID_TAG = ErrorResponse(400, "InvalidTag", "The tag provided is not valid.")
INVALID_RANGE = ErrorResponse(416, "InvalidRange", "The requested range cannot be satisfied.")
BUCKET_ALREADY_EXISTS = ErrorResponse(
    409,
    "BucketAlreadyExists",
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system.",
)
BUCKET_NOT_EMPTY = ErrorResponse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
INVALID_BUCKET_NAME = ErrorResponse(400, "InvalidBucketName", "The specified bucket is not valid.")
NO_SUCH_CORS = ErrorResponse(404, "NoSuchCORSConfiguration", "The CORS Configuration does not exist.")
CORS_DISABLED = ErrorResponse(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
CORS_FORBIDDEN = ErrorResponse(
    403,
    "AccessForbidden",
    "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request "
    "method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's "
    "CORS spec.",
)
INVALID_CALLBACK = ErrorResponse(400, "InvalidArgument", "The callback configuration is not json format.")
CALLBACK_FAILED = ErrorResponse(203, "CallbackFailed", "Error status : 502.")
NOT_IMPLEMENTED = ErrorResponse(501, "NotImplemented", "The emulator does not know this operation of OSS.")
THROTTLED = ErrorResponse(503, "QpsLimitExceeded", "The QPS limit of the account is exceeded.")
