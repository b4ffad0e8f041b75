"""One truthful report of what became of refresh and prefetch tasks on Alibaba Cloud CDN, DCDN and VOD."""
