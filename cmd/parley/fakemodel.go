//go:build !served

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai/openaifake"
)

const (
	fakeModelKey  = "sk-fake"
	fakeModelName = "fake-model"
)

// fakeModel is an OpenAI-compatible server that answers by Parley's own rules.
type fakeModel struct {
	answers *openaifake.Server
	server  *http.Server
	url     string
	served  chan error
}

// startFakeModel starts one at an address; without an address there is none (nil).
func startFakeModel(ctx context.Context, address string) (*fakeModel, error) {
	if address == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the model: %w", err)
	}
	m := &fakeModel{url: "http://" + listener.Addr().String() + "/v1", served: make(chan error, 1),
		answers: openaifake.New(openaifake.Options{Key: fakeModelKey, Models: []string{fakeModelName}, Abilities: openaifake.Modern(), Answers: offline.New()})}
	m.server = &http.Server{Handler: m.answers, ReadHeaderTimeout: 10 * time.Second}
	go func() { m.served <- m.server.Serve(listener) }()
	return m, nil
}

// env gives the variables by which serve finds it.
func (m *fakeModel) env() []string {
	if m == nil {
		return nil
	}
	return []string{"OPENAI_BASE_URL=" + m.url, "OPENAI_API_KEY=" + fakeModelKey, "OPENAI_MODEL=" + fakeModelName}
}

func (m *fakeModel) close() error {
	if m == nil {
		return nil
	}
	m.answers.Close()
	err := m.server.Close()
	if ended := <-m.served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
