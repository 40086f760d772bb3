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
	// healthTimeout limits the wait for a response. Many supervisors stop a health check after five seconds; with a
	// shorter limit, the command still prints the reason.
	healthTimeout = 4 * time.Second
	// maxHealthAnswer is how many bytes of a response are printed.
	maxHealthAnswer = 4096
)

// healthCommand is `parley health`. It asks a running parley serve for its health and exits with status 1 if it isn't
// healthy. It is meant for health checks of containers, since Parley's image has no HTTP client such as curl. kong, which
// parses the command line, fills the fields and calls Run.
type healthCommand struct {
	Ready bool `help:"Check whether Parley is ready for requests (database, migrations, surfaces), and not only whether it is alive."`
}

// Help is shown by `parley health --help`.
func (healthCommand) Help() string {
	return `Sends a request to PARLEY_LISTEN or, if that isn't set here, to the address at which the Parley with this PARLEY_DATA
last listened. Prints the response. Exit status 1 if it reports a problem, or doesn't arrive within four seconds.`
}

// Run sends one request and prints the response.
func (c healthCommand) Run(ctx context.Context) error {
	env, _, err := readEnvironment()
	if err != nil {
		return err
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	return askHealth(ctx, env.ForServed(os.LookupEnv), path, os.Stdout)
}

// askHealth sends a request to the Parley that listens at env.Listen, and writes the response to out.
// Errors: there is no response within healthTimeout; its status isn't 200.
func askHealth(ctx context.Context, env app.Env, path string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachableAddress(env.Listen)+path, nil)
	if err != nil {
		return err
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // ignores HTTP_PROXY: the server is on this machine
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health: nobody answers at %s: %w; is parley serve running? If it listens elsewhere, set PARLEY_LISTEN here "+
			"as it is set there, or PARLEY_DATA to its data folder", env.Listen, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealthAnswer))
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}

	text := strings.TrimSpace(string(body))
	if response.StatusCode != http.StatusOK {
		return errors.New("health: " + cmp.Or(text, response.Status))
	}

	_, err = fmt.Fprintln(out, text)
	return err
}

// reachableAddress returns the address at which a process on this machine reaches a server that listens on address. If
// the server listens on all addresses of the machine, as with ":8080" or "[::]:8080", that is a loopback address.
func reachableAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	ip, _ := netip.ParseAddr(host) //nolint:errcheck // the zero Addr of a host name matches none of the cases
	switch {
	case host == "", ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
