package openai

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Servers with OpenAI's API take different forms of requests: some know no schema, some call the limit of an answer by
// another name. A dialect begins with the strictest form, learns from refusals, and forgets after an hour, since servers
// and models change.

// tryAgain is after what time a refused form of request is tried again.
const tryAgain = time.Hour

// form is how a server is asked for JSON, the strictest first.
type form int

const (
	bySchema form = iota // response_format json_schema: the server keeps to it
	byObject             // response_format json_object: some JSON
	byWords              // no response_format
)

// limitField is how a request bounds its answer.
type limitField int

const (
	maxTokens           limitField = iota // what all but the newest of OpenAI's models know
	maxCompletionTokens                   // what these ask for
	noLimit
)

// request is what a request to this server is made of.
type request struct {
	form        form
	limit       limitField
	switched    bool // the other name of the limit was refused before
	temperature bool
}

// dialect is what this process has learned about the form of requests that a server takes.
type dialect struct {
	now   func() time.Time
	first request

	mu     sync.Mutex
	known  request
	forget time.Time // zero if nothing was learned
}

// newDialect begins with what OpenAI recommends for its own models, and with what all others know.
func newDialect(now func() time.Time, host *url.URL) *dialect {
	first := request{form: bySchema, limit: maxTokens, temperature: true}
	if host.Hostname() == "api.openai.com" {
		first.limit = maxCompletionTokens
	}
	return &dialect{now: now, first: first, known: first}
}

// nextRequest returns the form of the next request.
func (d *dialect) nextRequest() request {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.forget.IsZero() && !d.now().Before(d.forget) {
		d.known, d.forget = d.first, time.Time{}
	}
	return d.known
}

// learnRefusal learns from a refused request. learned is false if the refusal was not about the form of the request, or if
// there is no other form left to try.
func (d *dialect) learnRefusal(r request, status int, body []byte) (learned bool) {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusNotImplemented:
	default:
		return false
	}
	next, ok := easierRequest(r, status, strings.ToLower(string(body)))
	if ok {
		d.learn(r, next)
	}
	return ok
}

var (
	saysMaxTokens           = regexp.MustCompile(`(^|[^a-z_])max_tokens`)
	saysMaxCompletionTokens = regexp.MustCompile(`max_completion_tokens|maxcompletiontokens`)
	saysTemperature         = regexp.MustCompile(`temperature`)
	saysFormat              = regexp.MustCompile(`response_?format|json_?schema|json_?object|json mode|` +
		`structured output|guided_|grammar|strict|requested parameters`)
	saysElse = regexp.MustCompile(`context[ _]length|context window|maximum context|` +
		`too many tokens|content_filter|content_policy|` +
		`model_not_found|(model|engine|deployment).{0,80}(not exist|not found|unknown)|(not found|unknown|invalid).{0,20}model|no endpoint`)
)

// easierRequest returns the request without what the server's answer blames, or the plainest one if it blames nothing.
func easierRequest(r request, status int, says string) (request, bool) {
	switch {
	case saysFormat.MatchString(says) && r.form != byWords:
		r.form++
	case r.limit == maxTokens && saysMaxTokens.MatchString(says):
		r = r.otherLimit(maxCompletionTokens)
	case r.limit == maxCompletionTokens && saysMaxCompletionTokens.MatchString(says):
		r = r.otherLimit(maxTokens)
	case r.temperature && saysTemperature.MatchString(says):
		r.temperature = false
	case saysElse.MatchString(says) || status == http.StatusNotFound:
		return r, false
	case r.form != byWords || r.temperature:
		r.form, r.temperature = byWords, false
	default:
		return r, false
	}
	return r, true
}

// otherLimit returns the request with the other name of the limit, or without a limit if both names were refused.
func (r request) otherLimit(l limitField) request {
	if r.switched {
		l = noLimit
	}
	r.limit, r.switched = l, true
	return r
}

// learnIgnored learns that a server took a form of request but didn't answer in the shape that it asks for.
func (d *dialect) learnIgnored(r request) {
	if r.form != byWords {
		next := r
		next.form = byWords
		d.learn(r, next)
	}
}

func (d *dialect) learn(from, to request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == from {
		d.known, d.forget = to, d.now().Add(tryAgain)
	}
}
