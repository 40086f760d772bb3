package app_test

import (
	"context"
	"net/http"
	"testing"

	"parley/bridge/analysis"
	"parley/cmd/parley/app"
)

// keyless is a model that can't be used.
type keyless struct{}

// Analyze implements analysis.Analyzer.
func (keyless) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return analysis.Answer{Degraded: true}, nil
}

// Condition says how the model is.
func (keyless) Condition() analysis.Condition {
	return analysis.Condition{Status: analysis.Broken, Text: "The key is refused."}
}

// A model that can't be used is named where the health is asked for, and makes nobody take the process for unhealthy.
func TestReadyWithoutTheModel(t *testing.T) {
	t.Parallel()
	env := environment(t)
	db := openDatabase(t, env)
	a := start(t, env, db, app.Options{MovedTime: true, Analyzer: keyless{}})
	until(t, "it is ready", func() bool {
		status, _, _ := request(t, http.MethodGet, "http://"+a.Address()+"/readyz")
		return status == http.StatusOK
	})
	const want = "ready\ndegraded: The key is refused."
	if _, body, _ := request(t, http.MethodGet, "http://"+a.Address()+"/readyz"); body != want {
		t.Errorf("/readyz says %q, want %q", body, want)
	}
}
