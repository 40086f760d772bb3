package twilio

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels"
)

// At Twilio, a WhatsApp number is a "sender" of the account, with its own state and its own webhook setting. This file looks up the
// sender of a channel, so that an admin who sets it up learns whether it is online and where Twilio sends its messages.

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

// describeState returns the sender's state for people: "pending verification" for PENDING_VERIFICATION.
func (s *waSender) describeState() string {
	return strings.ToLower(strings.NewReplacer("_", " ", ":", ", ").Replace(clipText(s.Status, maxQuoted)))
}

// checkOnline returns the finding whether the sender is online. If it isn't, the finding quotes Twilio's reasons.
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

// online is the prefix of the states in which a sender can send and receive: ONLINE, ONLINE:UPDATING.
const online = "ONLINE"

// makeHookPlace returns the sender's webhook setting, with the request that changes it.
func (s *waSender) makeHookPlace(api *client) *hookPlace {
	return &hookPlace{
		what:    "Webhook URL for incoming messages of the sender " + s.ID,
		address: s.Hook["callback_url"],
		method:  s.Hook["callback_method"],
		requestFor: func(address string) request {
			hook := map[string]string{}
			for name, value := range s.Hook { // keep the other fields, which Twilio might clear if they were missing
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

// maxSenders bounds how many senders of an account are read.
const maxSenders = 1000

// maxNamed bounds how many senders a hint lists.
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
			s := &page.Senders[i]
			if s.ID == waPrefix+f.number.from {
				return s, nil
			}
			number := strings.TrimPrefix(clipText(s.ID, maxQuoted), waPrefix)
			others = append(others, number+" ("+s.describeState()+")")
		}

		seen += len(page.Senders)
		u, err := url.Parse(page.Meta.Next)
		isLastPage := err != nil || u.RawQuery == ""
		if isLastPage || len(page.Senders) == 0 {
			break
		}

		next = "?" + u.RawQuery // only the query: a response must not choose the host to which the credentials are sent
	}

	return nil, &channels.SendError{
		Class: channels.BadRecipient,
		Text:  "The account has no WhatsApp sender " + f.number.from + ".",
		Hint:  f.chooseSender(others),
	}
}

// chooseSender returns a hint for an admin who entered a number that isn't a sender of the account. It lists the account's senders.
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
