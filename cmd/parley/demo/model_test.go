package demo

import (
	"net/http/httptest"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai"
	"parley/bridge/analysis/openai/openaifake"
)

// model starts a server of chat completions, and returns what asks it.
func (s *stage) model() analysis.Analyzer {
	rules := offline.New()
	fake := openaifake.New(openaifake.Options{Answers: rules, Abilities: openaifake.Modern()})
	server := httptest.NewServer(fake)
	model := must(openai.New(s.ctx, openai.Options{BaseURL: server.URL, Model: "gpt-test", Mask: true, Fallback: rules}))(s.t)
	s.t.Cleanup(func() {
		_ = model.Close()
		fake.Close()
		server.Close()
	})
	return model
}
