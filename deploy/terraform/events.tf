# The events function: OSS tells it what changed, a timer makes it look again. Why the figures are what they are: s.yaml.
resource "alicloud_fcv3_function" "events" {
  function_name        = var.events_name
  description          = "Follows changed objects of a bucket to the end of their refresh and prefetch tasks"
  runtime              = "custom.debian11"
  handler              = "index.oss"
  cpu                  = 0.5
  memory_size          = 512
  disk_size            = 512
  timeout              = 60
  instance_concurrency = 200
  role                 = "acs:ram::${var.account_id}:role/${var.events_name}"
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
    TASK_STATUS_DOORS           = "events"
    TASK_STATUS_TIMEOUT_SECONDS = "60"
    TASK_STATUS_QUOTA_SHARE     = "0.3"
    TASK_STATUS_INSTANCES       = "1"
    TASK_STATUS_PRODUCTS        = var.products
    TASK_STATUS_ACCOUNTS        = var.accounts
    TASK_STATUS_RULES           = "/code/rules.toml"
    TASK_STATUS_SUBMIT          = var.submit
    TASK_STATUS_KEEP_QUOTA      = var.keep_quota
    TASK_STATUS_SHARED          = var.shared
    TASK_STATUS_STORE           = local.store
    TASK_STATUS_OSS_ENDPOINT    = local.oss_endpoint
    TASK_STATUS_WEBHOOK_URL     = var.webhook_url
    TASK_STATUS_WEBHOOK_SECRET  = var.webhook_secret
    TASK_STATUS_NOTIFY          = var.notify
    TASK_STATUS_PAGE_URL        = var.page_url
    TASK_STATUS_LOG_LEVEL       = var.log_level
  }

  log_config {
    project                 = var.log_project
    logstore                = var.log_store
    enable_request_metrics  = true
    enable_instance_metrics = true
    log_begin_rule          = "None"
  }

  depends_on = [alicloud_ram_role_policy_attachment.events]
}

resource "alicloud_fcv3_concurrency_config" "events" {
  function_name        = alicloud_fcv3_function.events.function_name
  reserved_concurrency = 1
}

resource "alicloud_fcv3_async_invoke_config" "events" {
  function_name                  = alicloud_fcv3_function.events.function_name
  qualifier                      = "LATEST"
  async_task                     = false
  max_async_retry_attempts       = 3
  max_async_event_age_in_seconds = 3600
}

resource "alicloud_fcv3_trigger" "oss" {
  function_name   = alicloud_fcv3_function.events.function_name
  trigger_name    = "oss"
  trigger_type    = "oss"
  qualifier       = "LATEST"
  source_arn      = "acs:oss:${var.region}:${var.account_id}:${var.bucket}"
  invocation_role = "acs:ram::${var.account_id}:role/aliyunosseventnotificationrole"
  trigger_config  = jsonencode(local.oss_trigger)
}

resource "alicloud_fcv3_trigger" "sweep" {
  function_name  = alicloud_fcv3_function.events.function_name
  trigger_name   = "sweep"
  trigger_type   = "timer"
  qualifier      = "LATEST"
  trigger_config = jsonencode(local.sweep_trigger)
}

locals {
  oss_trigger = {
    events = [
      "oss:ObjectCreated:PutObject",
      "oss:ObjectCreated:PostObject",
      "oss:ObjectCreated:CopyObject",
      "oss:ObjectCreated:CompleteMultipartUpload",
      "oss:ObjectRemoved:DeleteObject",
      "oss:ObjectRemoved:DeleteObjects",
    ]
    filter = { key = { prefix = var.prefix, suffix = "" } }
  }
  sweep_trigger = {
    cronExpression = "@every 1m"
    enable         = true
    payload        = "sweep"
  }
}
