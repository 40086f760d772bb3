package twilio

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// Check tests an account's settings for an admin: whether Twilio accepts the credentials, has the number, and calls
// this Parley for it. Each result is a channels.Finding.

// checkTimeout bounds Check.
const checkTimeout = 30 * time.Second

// Check implements channels.Checker: it signs in and looks at the number and its webhook. It changes nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	findings := []channels.Finding{c.checkAddress().AsHookFault()}
	var account struct {
		Status string `json:"status"`
	}

	const credentials = "Twilio account"
	err := c.api.call(ctx, request{method: http.MethodGet, url: c.api.accountURL() + ".json"}, &account)
	if err != nil {
		se := asNotSent(err)
		f := channels.Finding{
			What: credentials,
			Text: se.Text,
			Hint: cmp.Or(se.Hint, "See whether this machine reaches "+c.api.base+"."),
		}
		if se.Class == channels.AuthBroken {
			f.Field = fieldToken
		}
		return append(findings, f)
	}

	if account.Status != "" && account.Status != "active" {
		return append(findings, channels.Finding{
			What: credentials,
			Text: "The account is " + clipText(account.Status, maxQuoted) + ".",
			Hint: "See the Twilio Console.",
		})
	}

	findings = append(findings, channels.Finding{OK: true, What: credentials, Text: "Twilio accepts account SID and auth token."})
	if c.number.whatsapp {
		return append(findings, c.checkSender(ctx)...)
	}

	return append(findings, c.checkNumber(ctx)...)
}

// webhookAddress returns the address that must be set as webhook in the Twilio Console.
func (c *Channel) webhookAddress() string {
	if c.callbacks.address == "" {
		return "Parley's public address, which is not set"
	}
	return c.callbacks.address + retryOverrides
}

func (c *Channel) checkAddress() channels.Finding {
	const what = "Callback address"
	if c.callbacks.address == "" {
		u := unreachableCondition()
		return channels.Finding{What: what, Text: u.Text, Hint: u.Hint}
	}
	if !strings.HasPrefix(c.callbacks.address, "https://") && !c.api.replaced { // in tests, another server stands in for Twilio
		return channels.Finding{
			What: what,
			Text: "Callbacks would come unencrypted.",
			Hint: "Set PARLEY_PUBLIC_URL to an https address.",
		}
	}
	return channels.Finding{OK: true, What: what, Text: "Twilio calls " + c.callbacks.address + "."}
}

// checkNumber looks at a phone number's abilities and its webhook.
func (c *Channel) checkNumber(ctx context.Context) []channels.Finding {
	const what = "Number"
	n, err := c.newFinder().findNumber(ctx)
	if err != nil {
		return []channels.Finding{lookupFinding(what, err)}
	}

	if abilities := n.Capabilities; abilities != nil { // Twilio tells none of a short code
		if !abilities.SMS {
			return []channels.Finding{{
				What:  what,
				Field: fieldFrom,
				Text:  c.number.from + " can't carry text messages.",
				Hint:  "Take a number with SMS.",
			}}
		}
		if c.number.mms && !abilities.MMS {
			return []channels.Finding{{
				What:  what,
				Field: fieldMMS,
				Text:  c.number.from + " can't carry files (MMS).",
				Hint:  "Set mms to \"false\", or take a number with MMS.",
			}}
		}
	}

	return append([]channels.Finding{{OK: true, What: what, Text: c.number.from + " carries text messages."}},
		c.checkHook(ctx).AsHookFault())
}

// checkSender looks at a WhatsApp sender and its webhook.
func (c *Channel) checkSender(ctx context.Context) []channels.Finding {
	const what = "WhatsApp sender"
	if c.number.from == sandbox {
		return []channels.Finding{{
			OK:   true,
			What: what,
			Text: "It is Twilio's sandbox: in the Console, its webhook for incoming messages must be " + c.webhookAddress() + " by HTTP POST.",
		}}
	}
	s, err := c.newFinder().findSender(ctx)
	if err != nil {
		return []channels.Finding{lookupFinding(what, err)}
	}
	f := s.checkOnline()
	if !f.OK {
		return []channels.Finding{f}
	}
	return []channels.Finding{f, c.checkHook(ctx).AsHookFault()}
}

// sandbox is the number with which everybody may try WhatsApp.
const sandbox = "+14155238886"

// lookupFinding returns the finding for a number that the account doesn't have, or that Twilio gave no answer about.
func lookupFinding(what string, err error) channels.Finding {
	se := asNotSent(err)
	f := channels.Finding{What: what, Text: se.Text, Hint: cmp.Or(se.Hint, "Try again.")}
	if se.Class == channels.BadRecipient {
		f.Field = fieldFrom
	}
	return f
}

// maxAddress is how many characters are shown of a webhook address that isn't ours.
const maxAddress = 200

// checkHook checks that Twilio calls this Parley, and repeats a callback that failed.
func (c *Channel) checkHook(ctx context.Context) channels.Finding {
	const what = "Webhook"
	p, err := c.newFinder().findHook(ctx)
	if err != nil {
		return lookupFinding(what, err)
	}

	hint := "Set it on the account's page of the settings site. " +
		"Or in the Console set " + p.what + " to " + c.webhookAddress() + " by HTTP POST."
	address, fragment, _ := strings.Cut(p.address, "#")

	if p.app != "" {
		return channels.Finding{What: what, Text: "A TwiML application takes what comes to this number.", Hint: hint}
	}
	if address == "" {
		return channels.Finding{What: what, Text: "Twilio calls nobody for this number.", Hint: hint}
	}

	isPost := p.method == "" || strings.EqualFold(p.method, http.MethodPost) // POST is Twilio's default
	isOurs := address == c.callbacks.address || p.shared && isOfAnotherAccount(address, c.env)
	if !isOurs || !isPost {
		return channels.Finding{
			What: what,
			Text: "Twilio calls another address for this number: " + clipText(p.address, maxAddress) + ".",
			Hint: hint,
		}
	}
	if !strings.Contains(fragment, retryCount) || !strings.Contains(fragment, retryPolicy) {
		return channels.Finding{What: what, Text: "Twilio does not repeat a callback that failed.", Hint: hint}
	}

	if address != c.callbacks.address {
		return channels.Finding{
			OK:   true,
			What: what,
			Text: "Twilio calls Parley for all numbers of the messaging service, at another account's address: " +
				clipText(address, maxAddress) + ".",
		}
	}
	return channels.Finding{OK: true, What: what, Text: "Twilio calls Parley, and repeats what failed."}
}

// isOfAnotherAccount reports whether an address is the webhook of another account of this Parley.
func isOfAnotherAccount(address string, env channels.Env) bool {
	folder, account := path.Split(address)
	ours, _ := path.Split(env.HookURL)
	return folder == ours && slices.Contains(env.Accounts, account)
}
