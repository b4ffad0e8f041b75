locals {
  store        = "oss://${var.store_bucket}/cdn-task-status"
  oss_endpoint = "oss-${var.region}-internal.aliyuncs.com"
}

# A name of its own for each package: a function is updated when its code's name changes.
resource "alicloud_oss_bucket_object" "package" {
  bucket = var.store_bucket
  key    = "packages/cdn-task-status-${filesha256(var.package)}.zip"
  source = var.package
}
