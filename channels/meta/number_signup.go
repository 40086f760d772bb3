package meta

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// This file connects WhatsApp numbers with Meta's "embedded sign-up", so that an admin needn't copy ids and
// tokens. The steps are:
//
//  1. Link returns the address of Meta's page, on which the admin signs in and grants access.
//  2. Meta redirects the admin back with a code, and Finish exchanges it for an access token.
//  3. Numbers lists the numbers that the token gives access to.
//  4. Register makes a new number usable.
//
// A WABA is a WhatsApp business account, which owns numbers.

// dialogURL is the address of Meta's sign-up page, without the query.
const dialogURL = "https://www.facebook.com/" + defaultVersion + "/dialog/oauth"

// signUpTimeout limits each call of a sign-up.
const signUpTimeout = 15 * time.Second

// SignUpOptions describe the operator's app at Meta, which must be approved for embedded sign-up.
type SignUpOptions struct {
	AppID, Secret string
	Config        string // the id of the app's sign-up configuration
	APIURL        string // like channels.Env.APIURL
	DialogURL     string // replaces Meta's page; "" means Meta's
	Dialer        channels.Dialer
}

// SignUp connects the numbers of people who sign in to Meta and grant the app access to their WhatsApp
// accounts. It is safe for concurrent use.
// Source: WhatsApp, "Embedded Signup"; Facebook Login, "Manually build a login flow".
type SignUp struct {
	options SignUpOptions
	app     *graphApp
}

// NewSignUp returns a SignUp. It opens no connection.
// Errors: a malformed address.
func NewSignUp(o SignUpOptions) (*SignUp, error) {
	s := &SignUp{options: o}
	const noToken, noName = "", "" // the app's id and secret are enough here
	c, err := s.newClient(noToken)
	if err != nil {
		return nil, err
	}
	s.app = c.AppOf(o.AppID, noName, o.Secret)
	s.options.DialogURL = cmp.Or(s.options.DialogURL, dialogURL)
	return s, nil
}

func (s *SignUp) newClient(token string) (*graphClient, error) {
	return newClient(clientOptions{BaseURL: s.options.APIURL, Token: token, Secret: s.options.Secret, Dialer: s.options.Dialer})
}

// Link returns the address of Meta's sign-up page. Afterwards, Meta redirects the person to redirect, with
// state in the query.
func (s *SignUp) Link(redirect, state string) string {
	return s.options.DialogURL + "?" + url.Values{
		"client_id":                      {s.options.AppID},
		"redirect_uri":                   {redirect},
		"state":                          {state},
		"config_id":                      {s.options.Config},
		"response_type":                  {"code"},
		"override_default_response_type": {"true"},
	}.Encode()
}

// Secret returns the app's secret, with which Meta signs the webhooks of all connected numbers.
func (s *SignUp) Secret() string { return s.options.Secret }

// Finish exchanges the code from Meta's redirect for an access token.
// Errors: *channels.SendError.
func (s *SignUp) Finish(ctx context.Context, code, redirect string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, signUpTimeout)
	defer cancel()
	token, err := s.app.Exchange(ctx, code, redirect)
	var refused *graphError
	switch {
	case err == nil:
		return token, nil
	case errors.As(err, &refused) && refused.Code == codeInvalid:
		return "", &channels.SendError{
			Class: channels.BadContent,
			Text:  "Meta no longer takes this answer: " + refused.Words(),
			Hint:  "It was used already, or took too long. Begin again.",
			Cause: err,
		}
	case errors.As(err, &refused):
		return "", &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "Meta refuses Parley's app: " + refused.Words(),
			Hint:  "Check META_APP_ID and META_APP_SECRET, and the app's redirect addresses.",
			Cause: err,
		}
	}

	return "", errUnreachable(err)
}

// errUnreachable returns the error for a call to which Meta didn't respond.
func errUnreachable(err error) error {
	return &channels.SendError{
		Class: channels.Retry,
		Text:  "Meta can't be reached.",
		Hint:  "Check this machine's connection to the internet, then begin again.",
		Cause: err,
	}
}

// SignedNumber is a number to which a person has granted access.
type SignedNumber struct {
	ID, WABA      string
	Display, Name string
	Registered    bool // whether it can send with the Cloud API; if not, call Register first
}

// Numbers lists the numbers that a token from Finish gives access to. The list is never empty if the error is
// nil.
// Errors: *channels.SendError.
func (s *SignUp) Numbers(ctx context.Context, token string) ([]SignedNumber, error) {
	ctx, cancel := context.WithTimeout(ctx, signUpTimeout)
	defer cancel()
	facts, err := s.app.Inspect(ctx, token)
	if err != nil {
		return nil, errSignUp(err)
	}

	if !facts.Valid || facts.AppID != s.options.AppID {
		return nil, errNotGranted("What was granted at Meta isn't valid, or wasn't granted to Parley's app.", "Begin again.")
	}
	if missing := facts.Missing("whatsapp_business_management", "whatsapp_business_messaging"); len(missing) > 0 {
		return nil, errNotGranted("What was granted at Meta is not enough: "+strings.Join(missing, " and ")+" is missing.",
			"Begin again, and grant all that is asked. The app's configuration must ask for it.")
	}

	c, err := s.newClient(token)
	if err != nil {
		return nil, errUnreachable(err)
	}

	var list []SignedNumber
	for _, waba := range facts.Targets("whatsapp_business_management") {
		if !isID(waba) { // it becomes part of a URL
			continue
		}
		numbers, err := numbersOf(ctx, c, waba)
		if err != nil {
			return nil, errSignUp(err)
		}
		list = append(list, numbers...)
	}

	if len(list) == 0 {
		return nil, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "You signed in at Meta, but granted no WhatsApp account with a number.",
			Hint:  "Begin again with the right business, and choose or add its WhatsApp account and number there.",
		}
	}

	return list, nil
}

// errNotGranted returns the error for a token that lacks access that Parley needs.
func errNotGranted(text, hint string) error {
	return &channels.SendError{Class: channels.AuthBroken, Text: text, Hint: hint}
}

// numbersOf lists the numbers of a WhatsApp business account.
// Errors: those of graphClient.Call.
func numbersOf(ctx context.Context, c *graphClient, waba string) ([]SignedNumber, error) {
	var page struct {
		Data []struct {
			ID      loose `json:"id"`
			Display loose `json:"display_phone_number"`
			Name    loose `json:"verified_name"`
			Status  loose `json:"status"`
		} `json:"data"`
	}

	query := url.Values{"fields": {"id,display_phone_number,verified_name,status"}, "limit": {"100"}}
	if err := c.Call(ctx, http.MethodGet, waba+"/phone_numbers", query, nil, &page); err != nil {
		return nil, err
	}

	list := make([]SignedNumber, 0, len(page.Data))
	for _, n := range page.Data {
		list = append(list, SignedNumber{
			ID:         string(n.ID),
			WABA:       waba,
			Display:    clippedLine(n.Display, maxWord),
			Name:       clippedLine(n.Name, maxName),
			Registered: strings.EqualFold(string(n.Status), "CONNECTED"),
		})
	}
	return list, nil
}

// Register registers a number with the Cloud API. pin has six digits. It is the existing PIN of the number's
// two-step verification or, if there is none, becomes its PIN.
// Errors: *channels.SendError.
func (s *SignUp) Register(ctx context.Context, token, phone, pin string) error {
	ctx, cancel := context.WithTimeout(ctx, signUpTimeout)
	defer cancel()
	c, err := s.newClient(token)
	if err != nil {
		return errUnreachable(err)
	}
	if err := c.Call(ctx, http.MethodPost, phone+"/register", nil, object{
		"messaging_product": "whatsapp",
		"pin":               pin,
	}, nil); err != nil {
		return errSignUp(err)
	}
	return nil
}

// errSignUp returns the error for a failed call with the token of a sign-up. The class is AuthBroken if Meta
// refused the call, and Retry if Meta didn't respond or the effect of the call is unknown.
func errSignUp(err error) error {
	var refused *graphError
	if !errors.As(err, &refused) || !hadNoEffect(err) {
		return errUnreachable(err)
	}
	return &channels.SendError{
		Class: channels.AuthBroken,
		Text:  "Meta refuses: " + refused.Words(),
		Hint:  "Begin again.",
		Cause: err,
	}
}
