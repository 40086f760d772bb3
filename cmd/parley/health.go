package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"parley/cmd/parley/app"
)

const (
	// healthTimeout is how long the command waits for an answer. Supervisors often give up after five seconds, so
	// this must be less for the reason to be printed.
	healthTimeout = 4 * time.Second
	// maxHealthAnswer is how many bytes of an answer are shown.
	maxHealthAnswer = 4096
)

// healthCommand is `parley health`, for the health checks of containers, whose images have no other HTTP client.
type healthCommand struct {
	Ready bool `help:"Ask whether it is ready for requests (database, migrations, surfaces), not only whether it lives."`
}

// Help is shown by `parley health --help`.
func (healthCommand) Help() string {
	return `Asks at PARLEY_LISTEN or, if that isn't set here, at the address at which the Parley with this PARLEY_DATA listened last. Prints
what it answers; ends with 1 if it is not well, or does not answer within four seconds.`
}

// Run asks once.
func (c healthCommand) Run(ctx context.Context) error {
	env, _, err := readEnvironment()
	if err != nil {
		return err
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	return askHealth(ctx, env.ForServed(), path, os.Stdout)
}

// askHealth sends a request to the Parley that listens at env.Listen, and writes the answer to out.
// Errors: there is no answer within healthTimeout, or its status isn't 200.
func askHealth(ctx context.Context, env app.Env, path string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachableAddress(env.Listen)+path, nil)
	if err != nil {
		return err
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy of the environment: this is our own process
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health: nobody answers at %s: %w; is parley serve running? If it listens elsewhere, set PARLEY_LISTEN here "+
			"as it is set there, or PARLEY_DATA to its data folder", env.Listen, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxHealthAnswer))
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}

	answered := strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return errors.New("health: " + cmp.Or(answered, answer.Status))
	}

	_, err = fmt.Fprintln(out, answered)
	return err
}

// reachableAddress is the address by which a process on this machine reaches who listens on address: one that stands for all
// of the machine's addresses becomes loopback.
func reachableAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	ip, _ := netip.ParseAddr(host) //nolint:errcheck // a host's name is none of the addresses below
	switch {
	case host == "", ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
