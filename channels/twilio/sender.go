package twilio

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels"
)

// At Twilio, a WhatsApp number is a "sender" of the account, with a state and a webhook of its own. This file finds
// the sender of a channel for an admin who sets it up, and says what is wrong with it.

// waSender is a WhatsApp sender of the account.
// Source: twilio/twilio-oai, twilio_messaging_v2.yaml, messaging.v2.channels_sender.
type waSender struct {
	SID     string            `json:"sid"`
	ID      string            `json:"sender_id"` // whatsapp:+15550100
	Status  string            `json:"status"`    // ONLINE, OFFLINE, CREATING …
	Hook    map[string]string `json:"webhook"`
	Reasons []struct {
		Code string `json:"code"`
		Text string `json:"message"`
	} `json:"offline_reasons"`
}

// describeState returns the sender's state in words: "pending verification" for PENDING_VERIFICATION.
func (s *waSender) describeState() string {
	return strings.ToLower(strings.NewReplacer("_", " ", ":", ", ").Replace(clipText(s.Status, maxQuoted)))
}

// checkOnline says whether the sender is online. If it isn't, it quotes Twilio's reasons.
func (s *waSender) checkOnline() channels.Finding {
	const what = "WhatsApp sender"
	if s.Status == "" || strings.HasPrefix(s.Status, online) {
		return channels.Finding{OK: true, What: what, Text: strings.TrimPrefix(s.ID, waPrefix) + " is online."}
	}
	f := channels.Finding{
		What:  what,
		Field: fieldFrom,
		Text:  "The sender is " + s.describeState() + ".",
		Hint:  "See Messaging, Senders in the Twilio Console.",
	}
	for _, r := range s.Reasons {
		f.Text += " Twilio says: " + clipText(r.Text, maxReason) + " (" + clipText(r.Code, 20) + ")"
	}
	return f
}

// online is the prefix of the states in which a sender carries messages: ONLINE, ONLINE:UPDATING.
const online = "ONLINE"

// makeHookPlace returns the place at Twilio where the sender's webhook address is set, and how to change it.
func (s *waSender) makeHookPlace(api *client) *hookPlace {
	return &hookPlace{
		what:    "Webhook URL for incoming messages of the sender " + s.ID,
		address: s.Hook["callback_url"],
		method:  s.Hook["callback_method"],
		requestFor: func(address string) request {
			hook := map[string]string{}
			for name, value := range s.Hook { // the other values are sent again: Twilio might clear what is left out
				if value != "" {
					hook[name] = value
				}
			}
			hook["callback_url"] = address
			hook["callback_method"] = http.MethodPost
			return request{
				method: http.MethodPost,
				url:    api.messaging + "/v2/Channels/Senders/" + url.PathEscape(s.SID),
				json:   map[string]any{"webhook": hook},
			}
		},
	}
}

// maxSenders is how many senders of an account are read.
const maxSenders = 1000

// maxNamed is how many of the account's senders a hint lists for an admin who chose a number that isn't one.
const maxNamed = 10

// findSender finds the channel's WhatsApp sender.
// Errors: *channels.SendError, of class BadRecipient if the account doesn't have it.
func (f *finder) findSender(ctx context.Context) (*waSender, error) {
	var others []string
	next := "?Channel=whatsapp&PageSize=100"
	for seen := 0; seen < maxSenders; {
		var page struct {
			Senders []waSender `json:"senders"`
			Meta    struct {
				Next string `json:"next_page_url"`
			} `json:"meta"`
		}
		if err := f.api.call(ctx, request{
			method: http.MethodGet,
			url:    f.api.messaging + "/v2/Channels/Senders" + next,
		}, &page); err != nil {
			return nil, asNotSent(err)
		}

		for i := range page.Senders {
			if page.Senders[i].ID == waPrefix+f.number.from {
				return &page.Senders[i], nil
			}
			others = append(others, strings.TrimPrefix(clipText(page.Senders[i].ID, maxQuoted), waPrefix)+" ("+page.Senders[i].describeState()+")")
		}

		seen += len(page.Senders)
		u, err := url.Parse(page.Meta.Next)
		isLastPage := err != nil || u.RawQuery == "" // without a next page, or one that can't be read
		if isLastPage || len(page.Senders) == 0 {
			break
		}

		next = "?" + u.RawQuery // only the query: an answer must not decide to which host the secret is sent
	}

	return nil, &channels.SendError{
		Class: channels.BadRecipient,
		Text:  "The account has no WhatsApp sender " + f.number.from + ".",
		Hint:  f.chooseSender(others),
	}
}

// chooseSender returns a hint for an admin who chose a number that isn't a sender. It lists the numbers that are.
func (f *finder) chooseSender(senders []string) string {
	if f.number.from == sandbox {
		return "It is Twilio's sandbox: its webhook is set in the Console, Messaging, Try it out."
	}
	const register = "Register the number in the Twilio Console: Messaging, Senders, WhatsApp senders."
	if len(senders) == 0 {
		return "It has no other sender either. " + register
	}
	slices.Sort(senders)
	more := ""
	if len(senders) > maxNamed {
		senders, more = senders[:maxNamed], " …"
	}
	return "Its senders are " + strings.Join(senders, ", ") + more + ". Take one of them. Or: " + register
}
