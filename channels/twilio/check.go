package twilio

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// checkTimeout bounds Check.
const checkTimeout = 30 * time.Second

// Check implements channels.Checker: it signs in and looks at the number and its webhook. It changes nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	findings := []channels.Finding{c.checkAddress()}
	var account struct {
		Status string `json:"status"`
	}
	const credentials = "Twilio account"
	err := c.api.do(ctx, request{method: http.MethodGet, url: c.api.accountURL() + ".json"}, &account)
	switch {
	case err != nil:
		se := unsent(err)
		hint := se.Hint
		if hint == "" {
			hint = "See whether this machine reaches " + c.api.base + "."
		}
		return append(findings, channels.Finding{What: credentials, Text: se.Text, Hint: hint})
	case account.Status != "" && account.Status != "active":
		return append(findings, channels.Finding{What: credentials, Text: "The account is " + clip(account.Status, 40) + ".", Hint: "See the Twilio Console."})
	}
	findings = append(findings, channels.Finding{OK: true, What: credentials, Text: "Twilio accepts account SID and auth token."})
	if c.number.whatsapp {
		return append(findings, channels.Finding{OK: true, What: "WhatsApp sender",
			Text: "Twilio shows senders in its Console only: there, the webhook for incoming messages must be " + c.webhookAddress() + " by HTTP POST."})
	}
	return append(findings, c.checkNumber(ctx)...)
}

// webhookAddress returns the address that must be set as webhook in the Twilio Console.
func (c *Channel) webhookAddress() string {
	if c.callbacks.address == "" {
		return "Parley's public address, which is not set"
	}
	return c.callbacks.address + overrides
}

func (c *Channel) checkAddress() channels.Finding {
	const what = "Callback address"
	switch {
	case c.callbacks.address == "":
		u := unreachable()
		return channels.Finding{What: what, Text: u.Text, Hint: u.Hint}
	case !strings.HasPrefix(c.callbacks.address, "https://") && !c.api.replaced:
		return channels.Finding{What: what, Text: "Callbacks would come unencrypted.", Hint: "Set PARLEY_PUBLIC_URL to an https address."}
	}
	return channels.Finding{OK: true, What: what, Text: "Twilio calls " + c.callbacks.address + "."}
}

// checkNumber looks at a phone number's abilities and its webhook.
func (c *Channel) checkNumber(ctx context.Context) []channels.Finding {
	const what, hook = "Number", "Webhook"
	kind := "IncomingPhoneNumbers"
	query := url.Values{"PhoneNumber": {c.number.from}}
	if !strings.HasPrefix(c.number.from, "+") {
		kind, query = "SMS/ShortCodes", url.Values{"ShortCode": {c.number.from}}
	}
	type number struct {
		Capabilities *struct {
			SMS bool `json:"sms"`
			MMS bool `json:"mms"`
		} `json:"capabilities"`
		URL    string `json:"sms_url"`
		Method string `json:"sms_method"`
	}
	var found struct {
		Numbers []number `json:"incoming_phone_numbers"`
		Codes   []number `json:"short_codes"`
	}
	if err := c.api.do(ctx, request{method: http.MethodGet, url: c.api.accountURL() + "/" + kind + ".json?" + query.Encode()}, &found); err != nil {
		se := unsent(err)
		return []channels.Finding{{What: what, Text: se.Text, Hint: se.Hint}}
	}
	all := append(found.Numbers, found.Codes...)
	if len(all) == 0 {
		return []channels.Finding{{What: what, Text: "The account has no number " + c.number.from + ".", Hint: "Check from, or buy the number in the Twilio Console."}}
	}
	n := all[0]
	switch {
	case n.Capabilities != nil && !n.Capabilities.SMS:
		return []channels.Finding{{What: what, Text: c.number.from + " can't carry text messages.", Hint: "Take a number with SMS."}}
	case n.Capabilities != nil && c.number.mms && !n.Capabilities.MMS:
		return []channels.Finding{{What: what, Text: c.number.from + " can't carry files (MMS).", Hint: "Set mms to \"false\", or take a number with MMS."}}
	}
	findings := []channels.Finding{{OK: true, What: what, Text: c.number.from + " carries text messages."}}
	address, fragment, _ := strings.Cut(n.URL, "#")
	switch {
	case c.number.service != "":
		return append(findings, channels.Finding{OK: true, What: hook, Text: "With a messaging service, the Console's Integration page of the service decides; it must be " + c.webhookAddress() + "."})
	case address != c.callbacks.address || n.Method != "" && !strings.EqualFold(n.Method, http.MethodPost):
		return append(findings, channels.Finding{What: hook, Text: "Twilio calls another address for this number.",
			Hint: "In the Console, under the number, set \"A message comes in\" to " + c.webhookAddress() + " by HTTP POST."})
	case !strings.Contains(fragment, "rc=5") || !strings.Contains(fragment, "rp=all"):
		return append(findings, channels.Finding{What: hook, Text: "Twilio does not repeat a callback that failed.", Hint: "Set the address to " + c.webhookAddress() + "."})
	}
	return append(findings, channels.Finding{OK: true, What: hook, Text: "Twilio calls Parley, and repeats what failed."})
}
