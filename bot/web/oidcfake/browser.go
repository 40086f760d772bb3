package oidcfake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"parley/channels/emulator"
)

// Cancel is the user to choose for somebody who does not want to sign in.
const Cancel = "cancel"

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)

// Choose does what a person does in a browser: it opens the address to which a client sent the person, and chooses a
// user or Cancel. It returns the address to which the provider sends the person back. If the provider refuses, the
// error has the provider's text.
func (s *Server) Choose(ctx context.Context, address, user string) (back *url.URL, err error) {
	client := emulator.NewClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	shown, err := visit(ctx, client, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if shown.where != nil {
		return shown.where, nil // an error is told to the client
	}

	field := requestField.FindStringSubmatch(shown.text)
	if field == nil {
		return nil, fmt.Errorf("oidcfake: %s", shown.text)
	}

	form := url.Values{"request": {field[1]}, "user": {user}}
	if user == Cancel {
		form = url.Values{"request": {field[1]}, "cancel": {"yes"}}
	}

	decided, err := visit(ctx, client, http.MethodPost, s.Issuer()+"/decide", form)
	if err == nil && decided.where == nil {
		err = errors.New("oidcfake: " + decided.text)
	}

	return decided.where, err
}

// visited is what the browser got: a page's text, or the address to go on to.
type visited struct {
	text  string
	where *url.URL // nil means nowhere
}

func visit(ctx context.Context, client *http.Client, method, address string, form url.Values) (visited, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return visited{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	answer, err := client.Do(r)
	if err != nil {
		return visited{}, err
	}
	defer answer.Body.Close()

	if answer.StatusCode == http.StatusFound {
		where, err := answer.Location()
		return visited{where: where}, err
	}

	body, err := io.ReadAll(answer.Body)
	return visited{text: string(body)}, err
}
