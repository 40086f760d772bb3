package torture

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/wire"
)

// Slack, Teams and the providers of customers' chats call Parley's webhooks. In a test run several replicas (Parley
// processes) serve them. This file opens a load balancer in front of the replicas, and tells the emulated providers its
// address.

// openBalancer opens a proxy that forwards connections to the replicas, whose addresses are given, in turn. It skips a
// replica that doesn't accept the connection; there are no other health checks.
func (n *network) openBalancer(ctx context.Context, route string, replicas []string) (*proxy, error) {
	var next atomic.Uint32
	dial := func(ctx context.Context) (net.Conn, error) {
		var err error
		for range replicas {
			var c net.Conn
			if c, err = newDialer("tcp", replicas[int(next.Add(1))%len(replicas)])(ctx); err == nil {
				return c, nil
			}
		}
		return nil, err
	}

	return openProxy(ctx, &proxy{
		route:    route,
		dial:     dial,
		triggers: &n.triggers,
		onAnswer: func(status string) { n.addCount("webhooks answered "+status, 1) },
	})
}

// askEvery is the pause before a request to an emulator or the database is repeated.
const askEvery = 200 * time.Millisecond

// untilAnswered calls ask until it succeeds, which requires that Parley responds to the provider's emulator. When ctx ends
// it returns the last error.
func untilAnswered(ctx context.Context, provider string, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if !wire.For(ctx, askEvery) {
			return errors.Join(errors.New("torture: Parley did not answer "+provider+"; see parley-1.log"), err)
		}
	}
}

// connectSlackWebhooks makes Slack send webhooks instead of using Socket Mode connections.
func (s *session) connectSlackWebhooks(ctx context.Context) error {
	base := "http://" + s.network.balancer.address()
	targets := slackfake.Targets{
		Events:       base + "/slack/events",
		Commands:     base + "/slack/commands",
		Interactions: base + "/slack/interactions",
	}
	return untilAnswered(ctx, "Slack", func() error {
		return s.client.Call(ctx, http.MethodPost, s.client.Slack+"/_fake/admin/use_http", slackfake.Admin{Targets: targets}, nil)
	})
}

// connectTeams adds the app to the team once all replicas serve.
func (s *session) connectTeams(ctx context.Context) error {
	for n := range s.network.replicas {
		for !s.endpoints.isServing(ctx, n) {
			if !wire.For(ctx, pollEvery) {
				return fmt.Errorf("torture: Parley did not start; see parley-%d.log", n+1)
			}
		}
	}
	return untilAnswered(ctx, "Teams", func() error {
		return s.client.ConnectTeams(ctx, "http://"+s.network.teams.address(), "http://"+s.network.balancer.address()+"/teams/messages")
	})
}

// connectChats tells Meta and Twilio the address of Parley's webhooks.
func (s *session) connectChats(ctx context.Context) error {
	return untilAnswered(ctx, "Meta", func() error {
		return s.client.Call(ctx, http.MethodPost, s.client.Mail+"/_fake/chat/connect?base="+url.QueryEscape(s.publicURL()), nil, nil)
	})
}

// publicURL returns the base URL of Parley for chat providers; "" if the run has none.
func (s *session) publicURL() string {
	if s.network.customerWebhooks == nil {
		return ""
	}
	return "http://" + s.network.customerWebhooks.address()
}

// signedProbe returns a request to which any running Parley responds with 2xx: a URL verification with Slack's signature.
// address is the host:port of a replica.
// Source: docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11.
func signedProbe(ctx context.Context, address, secret string) (*http.Request, error) {
	const body = `{"type":"url_verification","challenge":"probe"}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/slack/events", strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("torture: probe: %w", err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return req, nil
}
