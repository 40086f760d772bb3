package twilio

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels"
)

var _ channels.Hooked = (*Channel)(nil)

// hookPlace is a setting at Twilio that has an address for incoming messages.
type hookPlace struct {
	what    string // its name for people, as in the Twilio Console
	address string // what is set now; "" if nothing is
	method  string // the HTTP method that is set now
	app     string // a TwiML application that comes before the address; "" if there is none
	shared  bool   // it is a messaging service's, which calls one account for all of its numbers

	requestFor func(address string) request // the request that sets it
}

// FindHook implements channels.Hooked.
func (c *Channel) FindHook(ctx context.Context) (channels.HookState, error) {
	p, err := c.newFinder().findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}
	state := channels.HookState{ByHand: "In the Twilio Console set " + p.what + " to " + c.webhookAddress() + " by HTTP POST.",
		Values: []channels.HookValue{{What: p.what, Now: methodAndAddress(p.method, p.address), Wanted: methodAndAddress(http.MethodPost, c.webhookAddress())}}}
	if p.app != "" {
		state.Values = append(state.Values, channels.HookValue{What: "TwiML application of the number, which comes before its address", Now: p.app})
	}
	return state, nil
}

// methodAndAddress writes a method and an address; "" without an address.
func methodAndAddress(method, address string) string {
	if address == "" {
		return ""
	}
	return cmp.Or(strings.ToUpper(method), http.MethodPost) + " " + address
}

// SetHook implements channels.Hooked.
func (c *Channel) SetHook(ctx context.Context) error {
	p, err := c.newFinder().findHook(ctx)
	if err != nil {
		return err
	}
	if err := c.api.call(ctx, p.requestFor(c.webhookAddress()), nil); err != nil {
		return asNotSent(err)
	}
	return nil
}

func (c *Channel) newFinder() *finder {
	return &finder{api: c.api, number: c.number, address: c.callbacks.address}
}

// finder finds what Twilio has of the channel's number.
type finder struct {
	api     *client
	number  *ownNumber
	address string // of our webhook; "" means Twilio can't reach Parley
}

// findHook finds the place that decides where incoming messages go. Errors: *channels.SendError.
func (f *finder) findHook(ctx context.Context) (*hookPlace, error) {
	if f.address == "" {
		u := unreachableCondition()
		return nil, channels.RefuseContent(u.Text, u.Hint)
	}

	if f.number.whatsapp {
		s, err := f.findSender(ctx)
		if err != nil {
			return nil, err
		}
		return s.makeHookPlace(f.api), nil
	}

	if f.number.service != "" {
		p, onNumber, err := f.findInService(ctx)
		if err != nil || !onNumber {
			return p, err // p is nil if there is an error
		}
	}

	n, kind, err := f.findNumber(ctx)
	if err != nil {
		return nil, err
	}

	return &hookPlace{what: "“A message comes in” of the number " + f.number.from, address: n.URL, method: n.Method, app: n.App,
		requestFor: func(address string) request {
			form := url.Values{"SmsUrl": {address}, "SmsMethod": {http.MethodPost}}
			if n.Code == "" { // short codes have no applications
				form.Set("SmsApplicationSid", "")
			}
			return request{method: http.MethodPost, url: f.api.accountURL() + "/" + kind + "/" + url.PathEscape(n.SID) + ".json",
				form: form}
		}}, nil
}

// ownPhone is a number or short code of the account.
type ownPhone struct {
	SID          string `json:"sid"`
	Number       string `json:"phone_number"` // "" of a short code
	Code         string `json:"short_code"`   // "" of a number
	Capabilities *struct {
		SMS bool `json:"sms"`
		MMS bool `json:"mms"`
	} `json:"capabilities"`
	URL    string `json:"sms_url"`
	Method string `json:"sms_method"`
	App    string `json:"sms_application_sid"`
}

// findNumber finds the channel's number, and under which kind of resource Twilio has it.
// Errors: *channels.SendError, of class BadRecipient if the account doesn't have it.
func (f *finder) findNumber(ctx context.Context) (*ownPhone, string, error) {
	kind, query := "IncomingPhoneNumbers", url.Values{"PhoneNumber": {f.number.from}}
	if !strings.HasPrefix(f.number.from, "+") {
		kind, query = "SMS/ShortCodes", url.Values{"ShortCode": {f.number.from}}
	}

	var found struct {
		Numbers []ownPhone `json:"incoming_phone_numbers"`
		Codes   []ownPhone `json:"short_codes"`
	}
	if err := f.api.call(ctx, request{method: http.MethodGet, url: f.api.accountURL() + "/" + kind + ".json?" + query.Encode()}, &found); err != nil {
		return nil, "", asNotSent(err)
	}

	all := append(found.Numbers, found.Codes...)
	at := slices.IndexFunc(all, func(p ownPhone) bool { return cmp.Or(p.Number, p.Code) == f.number.from }) // the filters find parts of numbers, too
	if at < 0 {
		return nil, "", &channels.SendError{Class: channels.BadRecipient, Text: "The account has no number " + f.number.from + ".",
			Hint: "Check from, or buy the number in the Twilio Console."}
	}

	return &all[at], kind, nil
}

// findInService finds the address of the messaging service. onNumber is true if the service has none of its own: then
// that of the number counts.
func (f *finder) findInService(ctx context.Context) (p *hookPlace, onNumber bool, err error) {
	at := f.api.messaging + "/v1/Services/" + url.PathEscape(f.number.service)
	var s struct {
		Name     string `json:"friendly_name"`
		URL      string `json:"inbound_request_url"`
		Method   string `json:"inbound_method"`
		OnNumber bool   `json:"use_inbound_webhook_on_number"`
	}
	if err := f.api.call(ctx, request{method: http.MethodGet, url: at}, &s); err != nil {
		return nil, false, asNotSent(err)
	}
	return &hookPlace{what: "Request URL of the messaging service " + s.Name, shared: true, address: s.URL, method: s.Method,
		requestFor: func(address string) request {
			return request{method: http.MethodPost, url: at, form: url.Values{"InboundRequestUrl": {address}, "InboundMethod": {http.MethodPost}}}
		}}, s.OnNumber, nil
}
