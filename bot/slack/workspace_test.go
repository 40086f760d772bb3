package slack

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	slackapi "github.com/slack-go/slack"
)

// A read that Slack has rate-limited often doesn't give up at the first temporary failure: that one is retried like any first one.
func TestRateLimitsUseUpNoReads(t *testing.T) {
	t.Parallel()
	limited := &slackapi.RateLimitedError{RetryAfter: time.Second}
	failed := slackapi.StatusCodeError{Code: http.StatusBadGateway}
	for _, tt := range []struct {
		name      string
		answers   []error
		wantReads int
		wantErr   error
	}{
		{name: "rate limits before a failure", answers: []error{limited, limited, limited, limited, failed, nil}, wantReads: 6},
		{name: "rate limits between failures", answers: []error{failed, limited, limited, failed, limited, failed, nil}, wantReads: 7},
		{
			name:    "too many failures",
			answers: []error{limited, failed, failed, limited, failed, failed, nil}, wantReads: 6, wantErr: failed,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				reads := 0
				err := (&workspace{}).retryRead(t.Context(), func(context.Context) error {
					reads++
					return tt.answers[reads-1]
				})
				if !errors.Is(err, tt.wantErr) {
					t.Errorf("got error %v, want %v", err, tt.wantErr)
				}
				wantEqual(t, "reads", reads, tt.wantReads)
			})
		})
	}
}
