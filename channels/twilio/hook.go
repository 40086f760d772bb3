package twilio

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

var _ channels.Hooked = (*Channel)(nil)

// This file reads and changes the webhook setting at Twilio, the address that Twilio calls for each incoming message. Depending on the
// account, the setting belongs to one of three objects: a WhatsApp sender, a phone number, or a messaging service, which is a pool of
// numbers. findHook finds out which one applies; the rest of the code only sees a hookPlace.

// hookPlace is one webhook setting at Twilio.
type hookPlace struct {
	what    string // its name for people, as in the Twilio Console
	address string // the current address; "" if none is set
	method  string // the current HTTP method
	app     string // a TwiML application that takes precedence over the address; "" if there is none
	shared  bool   // it belongs to a messaging service, and so applies to all numbers of the service

	requestFor func(address string) request // returns the request that changes the address
}

// FindHook implements channels.Hooked.
func (c *Channel) FindHook(ctx context.Context) (channels.HookState, error) {
	p, err := c.newFinder().findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}
	state := channels.HookState{
		ByHand: "In the Twilio Console set " + p.what + " to " + c.webhookAddress() + " by HTTP POST.",
		Values: []channels.HookValue{{
			What:   p.what,
			Now:    methodAndAddress(p.method, p.address),
			Wanted: methodAndAddress(http.MethodPost, c.wantedAddress(p)),
		}},
	}
	if p.app != "" {
		state.Values = append(state.Values, channels.HookValue{
			What: "TwiML application of the number, which comes before its address",
			Now:  p.app,
		})
	}
	return state, nil
}

// wantedAddress returns the address that a webhook setting should have: our own or, for all numbers of a messaging service, that of
// another account of this Parley, if Twilio calls that one already.
func (c *Channel) wantedAddress(p *hookPlace) string {
	address, _, _ := strings.Cut(p.address, "#")
	if p.shared && isOfAnotherAccount(address, c.env) {
		return address + retryOverrides
	}
	return c.webhookAddress()
}

// methodAndAddress formats a webhook setting: "POST https://example.com/hook". Without an address it returns "".
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
	if err := c.api.call(ctx, p.requestFor(c.wantedAddress(p)), nil); err != nil {
		return asNotSent(err)
	}
	return nil
}

func (c *Channel) newFinder() *finder {
	return &finder{api: c.api, number: c.number, address: c.callbacks.address}
}

// finder looks up the configuration of the channel's number at Twilio.
type finder struct {
	api     *client
	number  *ownNumber
	address string // the address of our webhook; "" if Twilio can't reach Parley
}

// findHook finds the webhook setting that applies to the channel's number.
// Errors: *channels.SendError.
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
		s, err := f.findService(ctx)
		if err != nil {
			return nil, err
		}
		if !s.LeavesToNumbers {
			return s.makeHookPlace(), nil
		}
	}

	n, err := f.findNumber(ctx)
	if err != nil {
		return nil, err
	}
	return n.makeHookPlace(), nil
}

// ownPhone is a number or short code of the account. Exactly one of Number and Code is set.
type ownPhone struct {
	SID          string `json:"sid"`
	Number       string `json:"phone_number"`
	Code         string `json:"short_code"`
	Capabilities *struct {
		SMS bool `json:"sms"`
		MMS bool `json:"mms"`
	} `json:"capabilities"`
	URL    string `json:"sms_url"`
	Method string `json:"sms_method"`
	App    string `json:"sms_application_sid"`

	list string // the URL of the API list in which it was found
}

// findNumber finds the channel's number or short code.
// Errors: *channels.SendError, of class BadRecipient if the account doesn't have it.
func (f *finder) findNumber(ctx context.Context) (*ownPhone, error) {
	list, query := f.api.accountURL()+"/IncomingPhoneNumbers", url.Values{"PhoneNumber": {f.number.from}}
	if !strings.HasPrefix(f.number.from, "+") {
		list, query = f.api.accountURL()+"/SMS/ShortCodes", url.Values{"ShortCode": {f.number.from}}
	}

	var found struct {
		Numbers []ownPhone `json:"incoming_phone_numbers"`
		Codes   []ownPhone `json:"short_codes"`
	}
	if err := f.api.call(ctx, request{method: http.MethodGet, url: list + ".json?" + query.Encode()}, &found); err != nil {
		return nil, asNotSent(err)
	}

	for _, p := range append(found.Numbers, found.Codes...) {
		if cmp.Or(p.Number, p.Code) == f.number.from { // Twilio's filters also match parts of numbers
			p.list = list
			return &p, nil
		}
	}

	return nil, &channels.SendError{
		Class: channels.BadRecipient,
		Text:  "The account has no number " + f.number.from + ".",
		Hint:  "Check from, or buy the number in the Twilio Console.",
	}
}

// makeHookPlace returns the number's webhook setting.
func (p *ownPhone) makeHookPlace() *hookPlace {
	return &hookPlace{
		what:    "“A message comes in” of the number " + cmp.Or(p.Number, p.Code),
		address: p.URL,
		method:  p.Method,
		app:     p.App,
		requestFor: func(address string) request {
			form := url.Values{"SmsUrl": {address}, "SmsMethod": {http.MethodPost}}
			if p.Code == "" { // short codes have no applications
				form.Set("SmsApplicationSid", "")
			}
			return request{method: http.MethodPost, url: p.list + "/" + url.PathEscape(p.SID) + ".json", form: form}
		},
	}
}

// messagingService is a pool of numbers at Twilio. It has one webhook, unless it leaves that to its numbers.
type messagingService struct {
	Name            string `json:"friendly_name"`
	URL             string `json:"inbound_request_url"`
	Method          string `json:"inbound_method"`
	LeavesToNumbers bool   `json:"use_inbound_webhook_on_number"` // each number's own webhook applies

	address string // the service's URL in Twilio's API
}

// findService returns the channel's messaging service.
// Errors: *channels.SendError.
func (f *finder) findService(ctx context.Context) (*messagingService, error) {
	s := messagingService{address: f.api.messaging + "/v1/Services/" + url.PathEscape(f.number.service)}
	if err := f.api.call(ctx, request{method: http.MethodGet, url: s.address}, &s); err != nil {
		return nil, asNotSent(err)
	}
	return &s, nil
}

// makeHookPlace returns the service's webhook setting.
func (s *messagingService) makeHookPlace() *hookPlace {
	return &hookPlace{
		what:    "Request URL of the messaging service " + s.Name,
		shared:  true,
		address: s.URL,
		method:  s.Method,
		requestFor: func(address string) request {
			form := url.Values{"InboundRequestUrl": {address}, "InboundMethod": {http.MethodPost}}
			return request{method: http.MethodPost, url: s.address, form: form}
		},
	}
}
