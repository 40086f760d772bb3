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

// checkTimeout bounds Check.
const checkTimeout = 30 * time.Second

// Check implements channels.Checker. It tests an account's settings for an admin: whether Twilio accepts the credentials, has the
// number, and calls this Parley for incoming messages. It only reads. Each result is a channels.Finding, for example:
//
//	{OK: true, What: "Number", Text: "+15550100 carries text messages."}
//
// It stops at the first failure that makes the later checks meaningless.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()

	account := c.checkAccount(ctx)
	findings := []channels.Finding{c.checkAddress().AsHookFault(), account}
	switch {
	case !account.OK:
		return findings
	case c.number.whatsapp:
		return append(findings, c.checkSender(ctx)...)
	default:
		return append(findings, c.checkNumber(ctx)...)
	}
}

// checkAccount checks the credentials and the state of the Twilio account.
func (c *Channel) checkAccount(ctx context.Context) channels.Finding {
	const what = "Twilio account"
	var account struct {
		Status string `json:"status"`
	}
	err := c.api.call(ctx, request{method: http.MethodGet, url: c.api.accountURL() + ".json"}, &account)
	if err != nil {
		se := asNotSent(err)
		f := channels.Finding{
			What: what,
			Text: se.Text,
			Hint: cmp.Or(se.Hint, "See whether this machine reaches "+c.api.base+"."),
		}
		if se.Class == channels.AuthBroken {
			f.Field = fieldToken
		}
		return f
	}

	if account.Status != "" && account.Status != "active" {
		return channels.Finding{
			What: what,
			Text: "The account is " + clipText(account.Status, maxQuoted) + ".",
			Hint: "See the Twilio Console.",
		}
	}
	return channels.Finding{OK: true, What: what, Text: "Twilio accepts account SID and auth token."}
}

// webhookAddress returns the webhook address that an admin must set in the Twilio Console.
func (c *Channel) webhookAddress() string {
	if c.callbacks.address == "" {
		return "Parley's public address, which is not set"
	}
	return c.callbacks.address + retryOverrides
}

// checkAddress checks that Parley has a public https address for callbacks.
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

// checkNumber checks a phone number's capabilities and its webhook.
func (c *Channel) checkNumber(ctx context.Context) []channels.Finding {
	const what = "Number"
	n, err := c.newFinder().findNumber(ctx)
	if err != nil {
		return []channels.Finding{lookupFinding(what, err)}
	}

	if can := n.Capabilities; can != nil { // Twilio doesn't report those of a short code
		if !can.SMS {
			return []channels.Finding{{
				What:  what,
				Field: fieldFrom,
				Text:  c.number.from + " can't carry text messages.",
				Hint:  "Take a number with SMS.",
			}}
		}
		if c.number.mms && !can.MMS {
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

// checkSender checks a WhatsApp sender's state and its webhook.
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

// sandbox is Twilio's shared number for trying out WhatsApp. It isn't in any account's list of senders.
const sandbox = "+14155238886"

// lookupFinding returns the finding for a number that could not be looked up, or that the account doesn't have.
func lookupFinding(what string, err error) channels.Finding {
	se := asNotSent(err)
	f := channels.Finding{What: what, Text: se.Text, Hint: cmp.Or(se.Hint, "Try again.")}
	if se.Class == channels.BadRecipient {
		f.Field = fieldFrom
	}
	return f
}

// maxAddress is how many characters of another program's webhook address are shown.
const maxAddress = 200

// checkHook checks that Twilio calls this Parley, and retries a callback that failed.
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
