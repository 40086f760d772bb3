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

// Cancel is passed to Choose instead of a user to press the page's Cancel button.
const Cancel = "cancel"

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)

// Choose acts as a person with a browser. It opens address, the authorization URL to which a client redirected the
// person, and chooses a user or Cancel. It returns the URL to which the provider redirects the browser, which the test
// passes to the client:
//
//	back, err := provider.Choose(ctx, location, "ann")
//
// If the provider shows an error page instead, the error has its text.
func (s *Server) Choose(ctx context.Context, address, user string) (back *url.URL, err error) {
	client := emulator.NewClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	shown, err := visit(ctx, client, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if shown.redirect != nil {
		return shown.redirect, nil // the provider reports an error to the client
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
	if err != nil {
		return nil, err
	}
	if decided.redirect == nil {
		return nil, errors.New("oidcfake: " + decided.text)
	}
	return decided.redirect, nil
}

// visited is a response: a redirect, or the text of a page.
type visited struct {
	text     string
	redirect *url.URL // nil if it isn't a redirect
}

// visit makes a request without following redirects. form is nil for GET.
func visit(ctx context.Context, client *http.Client, method, address string, form url.Values) (visited, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return visited{}, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	response, err := client.Do(request)
	if err != nil {
		return visited{}, err
	}
	defer response.Body.Close()

	if response.StatusCode == http.StatusFound {
		redirect, err := response.Location()
		return visited{redirect: redirect}, err
	}

	body, err := io.ReadAll(response.Body)
	return visited{text: string(body)}, err
}
