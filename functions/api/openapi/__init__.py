"""The contract as an OpenAPI document, made from the types that are sent."""
