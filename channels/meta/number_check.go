package meta

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

// Names of the items that Check tests.
const (
	whatNumber    = "WhatsApp number"
	whatAccount   = "WhatsApp business account"
	whatWebhook   = "WhatsApp webhook"
	whatTemplates = "WhatsApp templates"
)

// Check implements channels.Checker. It tests an account's settings with calls to Meta and returns the
// findings about each item: the number, the app secret, the token, the business account, the webhook and the
// templates. Items that depend on a faulty one are skipped.
func (c *Number) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out := c.checkNumber(ctx)
	isNumberFound := out[0].OK
	if !isNumberFound {
		return append(out, withField(c.checkAddress(), channels.HookField))
	}

	secret := c.checkSecret(ctx, c.requestFault)
	out = append(out, secret)
	if secret.OK {
		out = append(out, c.checkToken(ctx, "whatsapp_business_messaging", "whatsapp_business_management")...)
	}

	hook := c.checkAddress()
	if secret.OK && hook.OK {
		hook = c.checkHook(ctx)
	}

	account := c.checkAccount(ctx)
	out = append(out, account, withField(hook, channels.HookField))
	if account.OK {
		out = append(out, c.checkTemplates(ctx))
	}

	return out
}

// faultyField returns the setting at fault when a request that uses the value of field failed. For example, a
// rejected access token is fieldToken's fault. It returns "" if Meta gave no reason.
func faultyField(err error, field string) string {
	var refused *graphError
	if !errors.As(err, &refused) || !refused.HasCode {
		return ""
	}
	if isAboutProof(err) {
		return fieldSecret
	}
	if verdictOf(refused.Code).class == channels.AuthBroken {
		return fieldToken
	}
	return field
}

// requestFault returns the finding for a failed request. hint is used if the error has none.
func (c *Number) requestFault(what string, err error, hint string) channels.Finding {
	se := callError(c, err)
	if se.Class == channels.Ambiguous { // the error's own text is about a message
		return channels.Fault(what, "WhatsApp didn't answer in time.", hint)
	}
	return channels.Fault(what, se.Text, cmp.Or(se.Hint, hint))
}

// checkNumber looks up the number. The first finding says whether WhatsApp has the number. Further findings
// report problems with it.
func (c *Number) checkNumber(ctx context.Context) []channels.Finding {
	var n struct {
		Display  loose `json:"display_phone_number"`
		Name     loose `json:"verified_name"`
		Quality  loose `json:"quality_rating"`
		Status   loose `json:"status"`
		Platform loose `json:"platform_type"`
	}

	fields := url.Values{"fields": {"id,display_phone_number,verified_name,quality_rating,status,platform_type"}}
	if err := c.graph.Call(ctx, http.MethodGet, c.id, fields, nil, &n); err != nil {
		f := c.requestFault(whatNumber, err, "Compare phone_number_id and token with the App Dashboard, WhatsApp > API Setup.")
		return []channels.Finding{withField(f, faultyField(err, fieldPhoneID))}
	}

	out := []channels.Finding{channels.Success(whatNumber, "%s, %s.", clippedLine(n.Display, maxWord), clippedLine(n.Name, maxName))}
	status := strings.ToUpper(string(n.Status))
	if status != "" && status != "CONNECTED" {
		out = append(out, channels.Fault(whatNumber, "The number's status is "+readableWords(n.Status)+".",
			"Look at WhatsApp Manager > Phone numbers."))
	}
	if qualityWord(string(n.Quality)) == "red" {
		out = append(out, channels.Fault(whatNumber, "The number's quality is red: WhatsApp may restrict it.",
			"Look at WhatsApp Manager > Insights: customers block or report it."))
	}

	return out
}

// checkAccount checks that the number belongs to the business account.
func (c *Number) checkAccount(ctx context.Context) channels.Finding {
	var page struct {
		Data []struct {
			ID loose `json:"id"`
		} `json:"data"`
	}

	const hint = "Compare waba_id with the App Dashboard, WhatsApp > API Setup; the token needs whatsapp_business_management."
	if err := c.graph.Call(ctx, http.MethodGet, c.waba+"/phone_numbers", url.Values{
		"fields": {"id"},
		"limit":  {"100"},
	}, nil, &page); err != nil {
		return withField(c.requestFault(whatAccount, err, hint), faultyField(err, fieldWABA))
	}

	for _, n := range page.Data {
		if string(n.ID) == c.id {
			return channels.Success(whatAccount, "The number belongs to it.")
		}
	}

	return withField(channels.Fault(whatAccount, "The number doesn't belong to this business account.", hint), fieldWABA)
}

// checkHook checks that Meta sends webhooks to this Parley.
func (c *Number) checkHook(ctx context.Context) channels.Finding {
	state, err := c.FindHook(ctx)
	if err != nil {
		return c.requestFault(whatWebhook, err, "The token needs whatsapp_business_management.")
	}

	hint := "Set the webhook on the account's page of the settings site. " + state.ByHand
	for _, v := range state.Values {
		if v.Now == v.Wanted {
			continue
		}
		if v.Now == "" {
			return channels.Fault(whatWebhook, v.What+": there is none. Nothing that customers write arrives.", hint)
		}
		if strings.HasPrefix(v.What, "Callback") {
			return channels.Fault(whatWebhook, v.What+": Meta sends webhooks elsewhere: "+clippedLine(loose(v.Now), maxTitle), hint)
		}

		const maxFields = 400 // characters of a list of webhook fields
		return channels.Fault(whatWebhook, v.What+": only "+clippedLine(loose(v.Now), maxFields)+".", hint)
	}

	return channels.Success(whatWebhook, "Meta calls %s.", state.Values[0].Now) // FindHook returns the callback for messages first
}

// checkAddress checks that Parley has an address that Meta can call.
func (c *Number) checkAddress() channels.Finding {
	if c.env.HookURL == "" {
		e := c.errNoAddress()
		return channels.Fault(whatWebhook, e.Text, e.Hint)
	}
	isRealMeta := c.env.APIURL == "" // not a test server
	if isRealMeta && !strings.HasPrefix(c.env.HookURL, "https://") {
		return channels.Fault(whatWebhook, "Meta calls https addresses only, and ours is "+c.env.HookURL+".",
			"Set PARLEY_PUBLIC_URL to an https address that leads here.")
	}
	return channels.Success(whatWebhook, "The address of this Parley is %s.", c.env.HookURL)
}

func (c *Number) checkTemplates(ctx context.Context) channels.Finding {
	list, err := c.ListTemplates(ctx)
	if err != nil {
		return c.requestFault(whatTemplates, err, "The token needs whatsapp_business_management.")
	}
	approved := 0
	for _, t := range list {
		if t.Status == channels.TemplateApproved {
			approved++
		}
	}
	return channels.Success(whatTemplates, "Templates: %d, approved: %d.", len(list), approved)
}
