package main

import (
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

// healthCommand is `parley health`. Images of containers have no other program that could ask.
type healthCommand struct {
	Ready bool `help:"Ask whether it is ready for requests (database, migrations, surfaces), not only whether it lives."`
}

// Help is shown by `parley health --help`.
func (healthCommand) Help() string {
	return "Asks the address in PARLEY_LISTEN. Prints what it answers; ends with 1 if it is not well, or does not answer within four seconds."
}

// Run asks once.
func (c healthCommand) Run(ctx context.Context) error {
	env, _, err := environment()
	if err != nil {
		return err
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	return askHealth(ctx, env, path, os.Stdout)
}

// askHealth asks the Parley that listens where env says, and shows what it answers.
// Errors: it doesn't answer, or not with 200.
func askHealth(ctx context.Context, env app.Env, path string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(env.Listen)+path, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy of the environment: this is our own process
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health: nobody answers at PARLEY_LISTEN: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	said := strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return errors.New("health: " + said)
	}
	_, err = fmt.Fprintln(out, said)
	return err
}

// reachable is the address by which a process on this machine reaches who listens on address: one that stands for all
// of the machine's addresses becomes loopback.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "":
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
