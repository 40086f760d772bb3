package openai

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// failureCase is a way in which a server fails.
type failureCase struct {
	manner       openaifake.Fault
	wantKind     Kind
	wantRequests int64
	wantText     string // part of the condition's text; "" if the model still counts as working
}

// checkFailures lets a server fail in each way, and checks which failure that is, how often the server is asked, and what
// people are told.
func checkFailures(t *testing.T, tests []failureCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Always(&tt.manner)
			if tt.wantKind == TimedOut {
				w.options.Timeout = 150 * time.Millisecond
			}

			w.wantFallback(tt.wantKind)
			w.wantRequests("after the question", tt.wantRequests)
			if tt.wantText == "" {
				w.wantWorking()
			} else {
				c := w.Condition()
				if !strings.Contains(c.Text, tt.wantText) {
					t.Errorf("got the condition %+v, want %q in its text", c, tt.wantText)
				}
				if c.Hint == "" {
					t.Errorf("the condition %+v has no hint", c)
				}
			}
			w.checkLog()
		})
	}
}

// checkLog checks that the log shows no key, and nothing of what the customer wrote.
func (w *world) checkLog() {
	w.t.Helper()
	for _, secret := range []string{"sk-", "4711"} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log shows %q: %s", secret, w.log)
		}
	}
}

// If a server asks to wait for a short time, it is asked once more. If it asks for a long time, it is left alone.
func TestServerAsksToWait(t *testing.T) {
	t.Parallel()
	throttle := func(header ...string) openaifake.Fault {
		return openaifake.Status(429, "rate_limit_exceeded", "Slow down", header...)
	}
	throttleBy := func(message string) openaifake.Fault { return openaifake.Status(429, "", message) }
	const text = "asks to wait"
	checkFailures(t, []failureCase{
		// A short time, or none.
		{manner: throttle("Retry-After", "1"), wantKind: Throttled, wantRequests: 2, wantText: text},
		{manner: throttle("retry-after-ms", "1500"), wantKind: Throttled, wantRequests: 2, wantText: text},
		{manner: openaifake.Status(429, "", "Slow down"), wantKind: Throttled, wantRequests: 2, wantText: text},
		// A limit of requests that names a page of billing, as OpenAI, Groq and Gemini word it.
		{
			manner: openaifake.Status(429, "rate_limit_exceeded", "Rate limit reached for gpt-test on requests per min (RPM): Limit 3, Used 3, "+
				"Requested 1. Please try again in 20s. You can increase your rate limit by adding a payment method to your account at "+
				"https://platform.openai.com/account/billing.", "Retry-After", "20"),
			wantKind: Throttled, wantRequests: 1, wantText: text,
		},
		{
			manner: throttleBy("Rate limit reached for model `gpt-test` on tokens per minute (TPM): Limit 6000, Used 5034, " +
				"Requested 1443. Please try again in 4.77s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"),
			wantKind: Throttled, wantRequests: 2, wantText: text,
		},
		{
			manner: openaifake.Raw(429, "application/json", `[{"error":{"code":429,"message":"You exceeded your current quota, please check `+
				`your plan and billing details. Please retry in 17.3s.","status":"RESOURCE_EXHAUSTED"}}]`),
			wantKind: Throttled, wantRequests: 2, wantText: text,
		},
		// A long time.
		{manner: throttle("Retry-After", "60"), wantKind: Throttled, wantRequests: 1, wantText: text},
		{manner: throttle("Retry-After", "Sun, 22 Nov 2026 12:05:00 GMT"), wantKind: Throttled, wantRequests: 1, wantText: text},
		{manner: throttle("retry-after-ms", "90000", "Retry-After", "1"), wantKind: Throttled, wantRequests: 1, wantText: text},
	})
}

// A failure that a person has to mend isn't tried again, and people are told about it.
func TestServerNeedsAPerson(t *testing.T) {
	t.Parallel()
	status, raw := openaifake.Status, openaifake.Raw
	checkFailures(t, []failureCase{
		{
			manner:       status(429, "insufficient_quota", "You exceeded your current quota"),
			wantKind:     NoQuota,
			wantRequests: 1,
			wantText:     "quota is used up",
		},
		{manner: status(402, "", "Insufficient Balance"), wantKind: NoQuota, wantRequests: 1, wantText: "quota is used up"},
		{
			manner:       status(401, "invalid_api_key", "Incorrect API key provided: "+testKey),
			wantKind:     Unauthorized,
			wantRequests: 1,
			wantText:     "API key (401)",
		},
		{
			manner:       status(403, "", "Country, region, or territory not supported"),
			wantKind:     Forbidden,
			wantRequests: 1,
			wantText:     "(403)",
		},
		{
			manner:       status(404, "model_not_found", "The model `gpt-test` does not exist"),
			wantKind:     NoModel,
			wantRequests: 1,
			wantText:     `no model "gpt-test"`,
		},
		{ // as Azure words it
			manner:       status(404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
			wantKind:     NoModel,
			wantRequests: 1,
			wantText:     `no model "gpt-test"`,
		},
		{
			manner:       status(429, "", "Your account is suspended, please check your plan and billing details"),
			wantKind:     NoQuota,
			wantRequests: 1,
			wantText:     "quota is used up",
		},
		{manner: raw(404, "text/plain", "404 page not found"), wantKind: NotFound, wantRequests: 1, wantText: "base URL"},
		{manner: status(405, "", "Method Not Allowed"), wantKind: NotFound, wantRequests: 1, wantText: "base URL"},
	})
}

// If a server refuses a request, it still counts as working. If it doesn't explain the refusal, the request is made once
// more, in the simplest form.
func TestServerRefusesARequest(t *testing.T) {
	t.Parallel()
	status := openaifake.Status
	checkFailures(t, []failureCase{
		{manner: status(400, "", "What?"), wantKind: BadRequest, wantRequests: 2},
		{manner: status(400, "content_filter", "The response was filtered"), wantKind: Refused, wantRequests: 1},
		{
			manner:       status(400, "context_length_exceeded", "This model's maximum context length is 2048 tokens"),
			wantKind:     BadRequest,
			wantRequests: 1,
		},
		{manner: status(413, "", "Too large"), wantKind: BadRequest, wantRequests: 1},
	})
}

// After an error of the server or a lost connection the request is made again at once, unless the server says to wait. A
// request that ran into its time limit isn't made again.
func TestServerFails(t *testing.T) {
	t.Parallel()
	status := openaifake.Status
	checkFailures(t, []failureCase{
		{manner: status(500, "", "The server had an error"), wantKind: Server, wantRequests: 2},
		{manner: status(503, "", "Overloaded", "Retry-After", "30"), wantKind: Server, wantRequests: 1},
		{manner: openaifake.HTML(502), wantKind: Server, wantRequests: 2},
		{manner: openaifake.Reset(), wantKind: Unreachable, wantRequests: 2},
		{manner: openaifake.Cut(), wantKind: Cut, wantRequests: 2},
		{manner: openaifake.Stream(false), wantKind: Cut, wantRequests: 2},
		{manner: openaifake.Hang(), wantKind: TimedOut, wantRequests: 1},
		{manner: openaifake.Drip(), wantKind: TimedOut, wantRequests: 1},
	})
}

// A request isn't made again if the server's answer can't be read as an answer of a model.
func TestServerAnswersSomethingElse(t *testing.T) {
	t.Parallel()
	json := func(body string) openaifake.Fault { return openaifake.Raw(200, "application/json", body) }
	checkFailures(t, []failureCase{
		{manner: openaifake.HTML(200), wantKind: Unreadable, wantRequests: 1},
		{manner: json(`{"choices": 7}`), wantKind: Unreadable, wantRequests: 1},
		{manner: json(`[]`), wantKind: Unreadable, wantRequests: 1},
		{manner: json("\x1f\x8b\x08garbage"), wantKind: Unreadable, wantRequests: 1},
		{manner: openaifake.Raw(200, "text/event-stream", "data: {broken\n\n"), wantKind: Unreadable, wantRequests: 1},

		{manner: json(``), wantKind: Empty, wantRequests: 1},
		{manner: json(`{"error":{"message":"no"}}`), wantKind: Empty, wantRequests: 1},
		{manner: openaifake.NoChoices(), wantKind: Empty, wantRequests: 1},
		{manner: openaifake.NullContent(), wantKind: Empty, wantRequests: 1},
		{manner: openaifake.Say("", "stop"), wantKind: Empty, wantRequests: 1},

		{manner: openaifake.Huge(), wantKind: TooLarge, wantRequests: 1},
		{manner: openaifake.GzipBomb(), wantKind: TooLarge, wantRequests: 1},

		{manner: openaifake.Refuse(), wantKind: Refused, wantRequests: 1},
		{manner: openaifake.Say("", "content_filter"), wantKind: Refused, wantRequests: 1},
		{manner: openaifake.ToolCalls(), wantKind: Tools, wantRequests: 1},

		// An answer that ended at the limit of tokens isn't trusted, even if it is whole.
		{manner: openaifake.Say(openaifake.FormatAnswer(goodAnswer()), "length"), wantKind: Truncated, wantRequests: 1},
		{manner: openaifake.Say(openaifake.FormatAnswer(goodAnswer())[:60], "length"), wantKind: Truncated, wantRequests: 1},
	})
}

// If Parley doesn't follow a redirect, people are told.
func TestServerRedirects(t *testing.T) {
	t.Parallel()
	const text = "another address"
	checkFailures(t, []failureCase{
		{manner: openaifake.Redirect(307, "http://127.0.0.1:1/v1/chat/completions"), wantKind: Redirected, wantRequests: 1, wantText: text},
		{manner: openaifake.Redirect(308, "https://evil.example/v1"), wantKind: Redirected, wantRequests: 1, wantText: text},
		// On the same host, but a 302 would turn the request into a GET without a body.
		{manner: openaifake.Redirect(302, "/v1/models"), wantKind: Redirected, wantRequests: 1, wantText: text},
		{manner: openaifake.Raw(304, "text/plain", ""), wantKind: Redirected, wantRequests: 1, wantText: text},
	})
}

// An answer under another content type, and one that comes as a stream although Parley asked for none, are understood.
func TestServerAnswersOddly(t *testing.T) {
	t.Parallel()
	for _, manner := range []openaifake.Fault{openaifake.WrongType(), openaifake.Stream(true)} {
		t.Run(manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Always(&manner)
			w.wantModel()
			w.wantRequests("after the question", 1)
			w.wantWorking()
			w.checkLog()
		})
	}
}

// Without a fallback the failure itself comes back. It doesn't show the key, the address, or what anybody wrote.
func TestErrorShowsNoSecret(t *testing.T) {
	t.Parallel()
	good := openaifake.FormatAnswer(goodAnswer())
	for _, manner := range []openaifake.Fault{
		openaifake.Status(401, "x", "Incorrect API key provided: "+testKey+" 4711-22"),
		openaifake.Status(500, "x", testKey+" 4711-22"),
		openaifake.Reset(),
		openaifake.Cut(),
		openaifake.HTML(200),
		openaifake.Raw(200, "text/plain", testKey),
		openaifake.Raw(200, "text/plain", `{"choices":"`+testKey+`"}`),
		openaifake.Redirect(307, "http://evil.example/"+testKey),
		openaifake.Say("4711-22 "+testKey, "stop"),
		openaifake.Say(strings.Replace(good, "frustrated", testKey, 1), "stop"),
		openaifake.Say(strings.Replace(good, `"urgent":true`, `"urgent":"`+testKey+`"`, 1), "stop"),
	} {
		t.Run(manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Fallback = nil })
			w.fake.Always(&manner)

			_, err := w.Analyze(t.Context(), question())
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want an *Error", err)
			}

			for _, secret := range []string{testKey, "4711", w.url, "evil"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %q: %v", secret, err)
				}
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("the log shows %q: %s", secret, w.log)
				}
			}
		})
	}
}

// A server at whose address nobody listens is left alone after some failures, and people are told.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	const reserved = "127.0.0.1:1" // a port that is never given to another test
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.BaseURL = reserved })
	for range failuresToOpen {
		w.wantFallback(Unreachable)
	}
	w.wantFallback(Open)
	w.wantCondition(analysis.Waiting, "can't be reached")
}

// A failure that may pass is tried once more, after the time that the server names, or else after a short pause.
func TestSecondAttempt(t *testing.T) {
	t.Parallel()
	status := openaifake.Status
	tests := []struct {
		manner    openaifake.Fault
		wantPause time.Duration
	}{
		{manner: status(429, "", "", "Retry-After", "2"), wantPause: 2 * time.Second},
		{manner: status(429, "", "", "Retry-After", "Sun, 22 Nov 2026 12:00:01 GMT"), wantPause: time.Second}, // the clock stands at 12:00
		{manner: status(429, "", "", "retry-after-ms", "600", "Retry-After", "9"), wantPause: 600 * time.Millisecond},
		{manner: status(429, "", ""), wantPause: minPause},
		{manner: status(500, "", ""), wantPause: minPause},
		{manner: openaifake.Reset(), wantPause: minPause},
		{manner: openaifake.Cut(), wantPause: minPause},
	}
	for _, tt := range tests {
		t.Run(tt.manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Misbehave(tt.manner)
			w.wantModel()
			if len(w.pauses) != 1 || w.pauses[0] != tt.wantPause {
				t.Errorf("got the pauses %v, want one of %v", w.pauses, tt.wantPause)
			}
			w.wantRequests("after the second attempt", 2)
			if failures := w.Stats().Failures; len(failures) != 0 {
				t.Errorf("got the failures %v, want none", failures)
			}
		})
	}
}
