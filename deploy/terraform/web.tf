# The web function: pages and scripts ask it. Why the figures are what they are: s.yaml.
resource "alicloud_fcv3_function" "web" {
  function_name        = var.web_name
  description          = "One status endpoint for refresh and prefetch tasks of CDN, DCDN and VOD"
  runtime              = "custom.debian11"
  handler              = "index.http"
  cpu                  = 1
  memory_size          = 1024
  disk_size            = 512
  timeout              = 60
  instance_concurrency = 200
  role                 = "acs:ram::${var.account_id}:role/${var.web_name}"
  internet_access      = true

  code {
    oss_bucket_name = var.store_bucket
    oss_object_name = alicloud_oss_bucket_object.package.key
  }

  custom_runtime_config {
    command = ["/code/bootstrap"]
    args    = []
    port    = 9000

    health_check_config {
      http_get_url          = "/healthz"
      initial_delay_seconds = 0
      period_seconds        = 10
      timeout_seconds       = 3
      failure_threshold     = 3
      success_threshold     = 1
    }
  }

  instance_lifecycle_config {
    pre_stop {
      handler = "index.pre_stop"
      timeout = 30
    }
  }

  environment_variables = {
    TASK_STATUS_DOORS                    = "http"
    TASK_STATUS_TIMEOUT_SECONDS          = "60"
    TASK_STATUS_QUOTA_SHARE              = "0.6"
    TASK_STATUS_INSTANCES                = "3"
    TASK_STATUS_PRODUCTS                 = var.products
    TASK_STATUS_ACCOUNTS                 = var.accounts
    TASK_STATUS_AUTH                     = var.auth
    TASK_STATUS_JWT_SECRET               = var.jwt_secret
    TASK_STATUS_JWKS                     = var.jwks
    TASK_STATUS_JWT_AUDIENCE             = var.jwt_audience
    TASK_STATUS_JWT_ISSUER               = var.jwt_issuer
    TASK_STATUS_CORS_ORIGINS             = var.cors_origins
    TASK_STATUS_UPLOAD_URL               = var.upload_url
    TASK_STATUS_SUBMIT                   = var.submit
    TASK_STATUS_CHECKS                   = var.checks
    TASK_STATUS_KEEP_QUOTA               = var.keep_quota
    TASK_STATUS_SHARED                   = var.shared
    TASK_STATUS_CALLER_WAITS             = var.caller_waits
    TASK_STATUS_CALLER_IDS               = var.caller_ids
    TASK_STATUS_CALLER_LISTS_PER_MINUTE  = var.caller_lists_per_minute
    TASK_STATUS_CALLER_URLS_PER_MINUTE   = var.caller_urls_per_minute
    TASK_STATUS_CALLER_URLS_PER_DAY      = var.caller_urls_per_day
    TASK_STATUS_CALLER_CHECKS_PER_MINUTE = var.caller_checks_per_minute
    TASK_STATUS_STORE                    = local.store
    TASK_STATUS_OSS_ENDPOINT             = local.oss_endpoint
    TASK_STATUS_LOG_LEVEL                = var.log_level
  }

  log_config {
    project                 = var.log_project
    logstore                = var.log_store
    enable_request_metrics  = true
    enable_instance_metrics = true
    log_begin_rule          = "None"
  }

  depends_on = [alicloud_ram_role_policy_attachment.web]
}

resource "alicloud_fcv3_concurrency_config" "web" {
  function_name        = alicloud_fcv3_function.web.function_name
  reserved_concurrency = 3
}

resource "alicloud_fcv3_trigger" "http" {
  function_name  = alicloud_fcv3_function.web.function_name
  trigger_name   = "http"
  trigger_type   = "http"
  qualifier      = "LATEST"
  trigger_config = jsonencode(local.http_trigger)
}

locals {
  http_trigger = {
    # The function itself checks tokens.
    authType           = "anonymous"
    disableURLInternet = false
    methods            = ["GET", "HEAD", "POST", "OPTIONS"]
  }
}

output "url" {
  description = "For tests only: browsers download its pages. Bind a domain of your own."
  value       = alicloud_fcv3_trigger.http.http_trigger[0].url_internet
}
