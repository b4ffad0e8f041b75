variable "account_id" {
  type        = string
  description = "The account that the functions belong to."

  validation {
    condition     = can(regex("^[0-9]{16}$", var.account_id))
    error_message = "An account id has 16 digits."
  }
}

variable "region" {
  type        = string
  default     = "cn-hangzhou"
  description = "Where the functions run; that of the bucket whose changes are followed."
}

variable "bucket" {
  type        = string
  description = "The bucket whose changes are followed."
}

variable "prefix" {
  type        = string
  default     = ""
  description = "The part of it that is followed."
}

variable "store_bucket" {
  type        = string
  description = "The bucket where outcomes are kept, below cdn-task-status/, and packages below packages/; never had versioning on."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.store_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits and hyphens."
  }
}

variable "log_project" {
  type        = string
  description = "The project of Simple Log Service for the functions' logs; it must exist."
}

variable "log_store" {
  type        = string
  default     = "cdn-task-status"
  description = "The logstore in it; it must exist."
}

variable "package" {
  type        = string
  default     = "../../dist/cdn-task-status.zip"
  description = "What `make package` made for Python 3.12."
}

variable "web_name" {
  type        = string
  default     = "task-status"
  description = "Name of the web function and of its role."
}

variable "events_name" {
  type        = string
  default     = "task-events"
  description = "Name of the function that follows changed objects, and of its role."
}

variable "products" {
  type    = string
  default = "cdn,dcdn,vod"
}

variable "accounts" {
  type        = string
  default     = ""
  description = "/code/accounts.toml: accounts besides the functions' own, as deploy/accounts.toml names them."
}

variable "auth" {
  type        = string
  default     = "jwt"
  description = "jwt, or none: then everybody may ask."
}

variable "jwt_secret" {
  type        = string
  default     = ""
  sensitive   = true
  description = "At least 32 bytes, from: openssl rand -hex 32. Without it and without jwks nobody can ask."

  validation {
    condition     = var.jwt_secret == "" || length(var.jwt_secret) >= 32
    error_message = "The secret needs at least 32 bytes."
  }
}

variable "jwks" {
  type        = string
  default     = ""
  description = "An https URL of a JSON Web Key Set."
}

variable "jwt_audience" {
  type    = string
  default = ""
}

variable "jwt_issuer" {
  type    = string
  default = ""
}

variable "cors_origins" {
  type        = string
  default     = ""
  description = "Origins whose pages may ask, comma-separated."
}

variable "submit" {
  type        = string
  default     = "off"
  description = "on: the web function may submit refreshes and prefetches, and the events function what its rules say."
}

variable "keep_quota" {
  type    = string
  default = "0.2"
}

variable "caller_waits" {
  type    = string
  default = "" # the function's own
}

variable "caller_ids" {
  type    = string
  default = "" # the function's own
}

variable "caller_lists_per_minute" {
  type    = string
  default = "" # the function's own
}

variable "caller_urls_per_minute" {
  type    = string
  default = "" # the function's own
}

variable "caller_urls_per_day" {
  type    = string
  default = "" # the function's own
}

variable "caller_checks_per_minute" {
  type    = string
  default = "" # the function's own
}

variable "checks" {
  type    = string
  default = ""
}

variable "webhook_url" {
  type    = string
  default = ""
}

variable "shared" {
  description = "redis:// or rediss:// address of a server that makes all instances act as one (docs/fleet.md)."
  type        = string
  default     = ""
  sensitive   = true
}

variable "webhook_secret" {
  type      = string
  default   = ""
  sensitive = true
}

variable "notify" {
  type      = string
  default   = ""
  sensitive = true
}

variable "page_url" {
  type    = string
  default = ""
}

variable "upload_url" {
  type    = string
  default = ""
}

variable "log_level" {
  type    = string
  default = "INFO"
}
