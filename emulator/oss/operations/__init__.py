"""The operations of OSS, by what they work on. Each takes an OssRequest and returns a Response."""
