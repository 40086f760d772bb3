package openai

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// learnedFor is how long a refused form of request is avoided.
const learnedFor = time.Hour

// format is how a request asks for JSON, from the strictest to the weakest way.
type format int

const (
	bySchema format = iota // response_format json_schema: the server enforces the schema
	byObject               // response_format json_object: the server enforces that it is JSON
	byWords                // no response_format, only the instructions
)

// limitField is the field in which a request limits the length of its answer.
type limitField int

const (
	maxTokens           limitField = iota // understood by all servers except OpenAI's newest models
	maxCompletionTokens                   // required by those
	noLimit
)

// requestForm is the set of optional features that a request uses.
type requestForm struct {
	format        format
	limit         limitField
	limitSwitched bool // the other limitField was refused before
	temperature   bool
}

// dialect remembers which form of request a server accepts. Servers with OpenAI's API differ: some don't support JSON
// schemas, and some name the limit of an answer differently. A dialect begins with the strictest form. If the server
// answers, for example, 400 "unknown field response_format", the next request asks for a plain JSON object instead.
// After an hour it starts over, because servers and models change. It is safe for concurrent use.
type dialect struct {
	now   func() time.Time
	first requestForm

	mu       sync.Mutex
	known    requestForm
	expireAt time.Time // when known is reset to first; zero if nothing was learned
}

// newDialect returns a dialect for a server. It starts with the limit field that OpenAI requires for its own models,
// and with the older one for other servers.
func newDialect(now func() time.Time, host *url.URL) *dialect {
	first := requestForm{format: bySchema, limit: maxTokens, temperature: true}
	if host.Hostname() == "api.openai.com" {
		first.limit = maxCompletionTokens
	}
	return &dialect{now: now, first: first, known: first}
}

// nextRequest returns the form to use for the next request.
func (d *dialect) nextRequest() requestForm {
	d.mu.Lock()
	defer d.mu.Unlock()
	isExpired := !d.expireAt.IsZero() && !d.now().Before(d.expireAt)
	if isExpired {
		d.known, d.expireAt = d.first, time.Time{}
	}
	return d.known
}

// learnRefusal learns from a response that refused a request of the form r. learned is false if the refusal wasn't
// about the form, or if no other form is left to try.
func (d *dialect) learnRefusal(r requestForm, status int, body []byte) (learned bool) {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusNotImplemented:
	default:
		return false
	}
	next, ok := withoutBlamed(r, status, strings.ToLower(string(body)))
	if ok {
		d.learn(r, next)
	}
	return ok
}

// Patterns of error messages, in lower case. saysOther matches errors that no other form would avoid.
var (
	saysMaxTokens           = regexp.MustCompile(`(^|[^a-z_])max_tokens`)
	saysMaxCompletionTokens = regexp.MustCompile(`max_completion_tokens|maxcompletiontokens`)
	saysTemperature         = regexp.MustCompile(`temperature`)
	saysFormat              = regexp.MustCompile(`response_?format|json_?schema|json_?object|json mode|` +
		`structured output|guided_|grammar|strict|requested parameters`)
	saysOther = regexp.MustCompile(`context[ _]length|context window|maximum context|` +
		`too many tokens|content_filter|content_policy|` +
		`model_not_found|(model|engine|deployment).{0,80}(not exist|not found|unknown)|(not found|unknown|invalid).{0,20}model|no endpoint`)
)

// withoutBlamed returns the form without the feature that an error message blames. If the message names no feature,
// the format and the temperature are dropped at once. ok is false if no other form can help.
func withoutBlamed(r requestForm, status int, message string) (next requestForm, ok bool) {
	switch {
	case saysFormat.MatchString(message) && r.format != byWords:
		r.format++ // the next weaker one
	case r.limit == maxTokens && saysMaxTokens.MatchString(message):
		r = r.withLimit(maxCompletionTokens)
	case r.limit == maxCompletionTokens && saysMaxCompletionTokens.MatchString(message):
		r = r.withLimit(maxTokens)
	case r.temperature && saysTemperature.MatchString(message):
		r.temperature = false
	case saysOther.MatchString(message) || status == http.StatusNotFound:
		return r, false
	case r.format != byWords || r.temperature:
		r.format, r.temperature = byWords, false
	default:
		return r, false
	}
	return r, true
}

// withLimit returns the form with the given limit field, or without a limit if both fields were refused.
func (r requestForm) withLimit(field limitField) requestForm {
	if r.limitSwitched {
		field = noLimit
	}
	r.limit, r.limitSwitched = field, true
	return r
}

// learnIgnored learns that the server accepted a request of the form r but ignored its response_format.
func (d *dialect) learnIgnored(r requestForm) {
	if r.format == byWords {
		return
	}
	next := r
	next.format = byWords
	d.learn(r, next)
}

// learn replaces one form by another, unless another request has replaced it already.
func (d *dialect) learn(from, to requestForm) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == from {
		d.known, d.expireAt = to, d.now().Add(learnedFor)
	}
}
