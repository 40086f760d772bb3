package rest_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/rest"
)

// newTokenSourceAt returns a source of tokens that gets the same answer to each request for one.
func newTokenSourceAt(t *testing.T, status int, answer string) (s *tokenSource, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(srv.Close)
	return newTokenSource(t, func(o *rest.TokenOptions) { o.LoginURL = srv.URL }), requests
}

// An error says that our credentials are wrong only if Entra itself refused them, and not because it was busy.
func TestRefusalsOfEntra(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		status              int
		answer              string
		want                string
		areCredentialsWrong bool
	}{
		{name: "refused", status: http.StatusBadRequest, answer: `{"error":"invalid_client"}`, want: "invalid_client", areCredentialsWrong: true},
		{name: "failed", status: http.StatusInternalServerError, answer: `{"error":"invalid_client"}`, want: "status 500"},
		{name: "busy", status: http.StatusBadRequest, answer: `{"error":"temporarily_unavailable"}`, want: "unavailable"},
		{name: "a proxy's page", status: http.StatusNotFound, answer: "<html>", want: "status 404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newTokenSourceAt(t, tt.status, tt.answer)
			s.wantTokenError(t, tt.want, tt.areCredentialsWrong)
		})
	}
}

// Entra may say as a text how long a token is valid, or not at all.
func TestLifetimeOfATokenAsEntraSaysIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, more string
		lifetime   time.Duration
	}{
		{name: "a text", more: `,"expires_in":"3600"`, lifetime: time.Hour},
		{name: "nothing", lifetime: 30 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, requests := newTokenSourceAt(t, http.StatusOK, `{"access_token":"x","token_type":"Bearer"`+tt.more+`}`)
			s.mustToken(t)
			s.advance(tt.lifetime - renewedBefore - time.Second)
			s.mustToken(t)
			if got := requests.Load(); got != 1 {
				t.Errorf("Entra was asked %d times before the token is to be renewed, want once", got)
			}
			s.advance(time.Second)
			s.mustToken(t)
			if got := requests.Load(); got != 2 {
				t.Errorf("Entra was asked %d times when the token is to be renewed, want twice", got)
			}
		})
	}
}
