package httpiq

var (
	RetryAfter = retryAfter
	Snippet    = snippet
)
