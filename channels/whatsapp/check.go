package whatsapp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// checkTimeout bounds Check.
const checkTimeout = 45 * time.Second

// Names of what Check looks at.
const (
	checkNumber    = "WhatsApp number"
	checkAccount   = "WhatsApp business account"
	checkWebhook   = "WhatsApp webhook"
	checkTemplates = "WhatsApp templates"
)

// Check looks at the number, its business account, the app's subscription and the templates. It changes nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	number := c.checkNumber(ctx)
	if !number[0].OK {
		return append(number, c.checkHook())
	}
	return append(number, c.checkAccount(ctx), c.checkSubscription(ctx), c.checkHook(), c.checkTemplates(ctx))
}

func found(what, format string, args ...any) channels.Finding {
	return channels.Finding{OK: true, What: what, Text: fmt.Sprintf(format, args...)}
}

func fault(what, text, hint string) channels.Finding {
	return channels.Finding{What: what, Text: text, Hint: hint}
}

// failed returns the finding about a failed request.
func (c *Channel) failed(what string, err error, hint string) channels.Finding {
	se := c.sendError(err, channels.Outbound{Attempt: channels.Attempt{Number: 1}})
	text := se.Text
	if se.Class == channels.Ambiguous {
		text = "WhatsApp didn't answer in time."
	}
	if se.Hint != "" && se.Class != channels.Ambiguous {
		hint = se.Hint
	}
	return fault(what, text, hint)
}

func (c *Channel) checkNumber(ctx context.Context) []channels.Finding {
	var n struct {
		Display  loose `json:"display_phone_number"`
		Name     loose `json:"verified_name"`
		Quality  loose `json:"quality_rating"`
		Status   loose `json:"status"`
		Platform loose `json:"platform_type"`
	}
	fields := url.Values{"fields": {"id,display_phone_number,verified_name,quality_rating,status,platform_type"}}
	if err := c.graph.Call(ctx, http.MethodGet, c.phone, fields, nil, &n); err != nil {
		return []channels.Finding{c.failed(checkNumber, err, "Compare phone_number_id and token with the App Dashboard, WhatsApp > API Setup.")}
	}
	out := []channels.Finding{found(checkNumber, "%s, %s.", line(n.Display, 40), line(n.Name, 100))}
	if s := strings.ToUpper(string(n.Status)); s != "" && s != "CONNECTED" {
		out = append(out, fault(checkNumber, "The number's status is "+words(n.Status)+".", "Look at WhatsApp Manager > Phone numbers."))
	}
	if q := quality(string(n.Quality)); q == "red" {
		out = append(out, fault(checkNumber, "The number's quality is red: WhatsApp may restrict it.", "Look at WhatsApp Manager > Insights: customers block or report it."))
	}
	return out
}

func (c *Channel) checkAccount(ctx context.Context) channels.Finding {
	var page struct {
		Data []struct {
			ID loose `json:"id"`
		} `json:"data"`
	}
	const hint = "Compare waba_id with the App Dashboard, WhatsApp > API Setup; the token needs whatsapp_business_management."
	if err := c.graph.Call(ctx, http.MethodGet, c.waba+"/phone_numbers", url.Values{"fields": {"id"}, "limit": {"100"}}, nil, &page); err != nil {
		return c.failed(checkAccount, err, hint)
	}
	for _, n := range page.Data {
		if string(n.ID) == c.phone {
			return found(checkAccount, "The number belongs to it.")
		}
	}
	return fault(checkAccount, "The number doesn't belong to this business account.", hint)
}

// checkSubscription checks that an app is subscribed; otherwise no webhooks come.
func (c *Channel) checkSubscription(ctx context.Context) channels.Finding {
	var page struct {
		Data []struct {
			App struct {
				Name loose `json:"name"`
			} `json:"whatsapp_business_api_data"`
			Override string `json:"override_callback_uri"`
		} `json:"data"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, c.waba+"/subscribed_apps", nil, nil, &page); err != nil {
		return c.failed(checkWebhook, err, "The token needs whatsapp_business_management.")
	}
	if len(page.Data) == 0 {
		return fault(checkWebhook, "No app is subscribed to the business account: nothing that customers write arrives.",
			fmt.Sprintf("Send POST /%s/subscribed_apps with the token, or set the webhook up again in the App Dashboard.", c.waba))
	}
	for _, d := range page.Data {
		if d.Override != "" && c.env.HookURL != "" && d.Override != c.env.HookURL {
			return fault(checkWebhook, "The business account sends webhooks elsewhere: "+line(loose(d.Override), 200),
				"Remove the override, or let it be "+c.env.HookURL+".")
		}
	}
	return found(checkWebhook, "%s is subscribed.", line(loose(first(page.Data[0].App.Name, "An app")), 100))
}

func (c *Channel) checkHook() channels.Finding {
	if c.env.HookURL == "" {
		return fault(checkWebhook, "WhatsApp can't reach this Parley: it has no public address.", "Set PARLEY_PUBLIC_URL to an https address that leads here.")
	}
	if !strings.HasPrefix(c.env.HookURL, "https://") && c.env.APIURL == "" {
		return fault(checkWebhook, "Meta calls https addresses only, and ours is "+c.env.HookURL+".", "Set PARLEY_PUBLIC_URL to an https address that leads here.")
	}
	return found(checkWebhook, "In the App Dashboard, WhatsApp > Configuration, the callback URL is %s (or that of another number of the same app).", c.env.HookURL)
}

func (c *Channel) checkTemplates(ctx context.Context) channels.Finding {
	list, err := c.ListTemplates(ctx)
	if err != nil {
		return c.failed(checkTemplates, err, "The token needs whatsapp_business_management.")
	}
	approved := 0
	for _, t := range list {
		if t.Status == channels.TemplateApproved {
			approved++
		}
	}
	return found(checkTemplates, "%d templates, %d of them approved.", len(list), approved)
}
