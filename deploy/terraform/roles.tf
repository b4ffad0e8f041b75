# What the functions may do: the files of deploy/policies, for the store's bucket.
locals {
  trust = {
    Version = "1"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["fc.aliyuncs.com"] }
    }]
  }
  policies     = "${path.module}/../policies"
  web_rights   = var.submit == "on" ? "task-status-submit.json" : "task-status.json"
  event_rights = "task-events.json"
}

resource "alicloud_ram_role" "web" {
  role_name                   = var.web_name
  assume_role_policy_document = jsonencode(local.trust)
}

resource "alicloud_ram_policy" "web" {
  policy_name     = var.web_name
  policy_document = replace(file("${local.policies}/${local.web_rights}"), "YOUR-STORE-BUCKET", var.store_bucket)
}

resource "alicloud_ram_role_policy_attachment" "web" {
  role_name   = alicloud_ram_role.web.role_name
  policy_name = alicloud_ram_policy.web.policy_name
  policy_type = "Custom"
}

resource "alicloud_ram_role" "events" {
  role_name                   = var.events_name
  assume_role_policy_document = jsonencode(local.trust)
}

resource "alicloud_ram_policy" "events" {
  policy_name     = var.events_name
  policy_document = replace(file("${local.policies}/${local.event_rights}"), "YOUR-STORE-BUCKET", var.store_bucket)
}

resource "alicloud_ram_role_policy_attachment" "events" {
  role_name   = alicloud_ram_role.events.role_name
  policy_name = alicloud_ram_policy.events.policy_name
  policy_type = "Custom"
}
