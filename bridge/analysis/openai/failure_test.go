package openai

import (
	"errors"
	"strings"
	"testing"
	"time"

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
		{manner: openaifake.Hang(), wantKind: TimedOut, wantRequests: 1},
		{manner: openaifake.Drip(), wantKind: TimedOut, wantRequests: 1},
	})
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
