package torture

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"parley/channels/wire"
)

// This file sends WhatsApp webhooks that the emulator itself would not send, such as malformed messages, and receipts for
// messages of another system.

// webhookRetryEvery is the pause before a webhook that was not accepted is repeated.
const webhookRetryEvery = 500 * time.Millisecond

// SendWebhook makes the WhatsApp emulator send Parley a webhook, and repeat it until Parley accepts it. It doesn't wait for
// that. what is the kind of the items: "messages" or "statuses".
func (c Client) SendWebhook(ctx context.Context, what string, items ...any) error {
	change := map[string]any{
		"field": "messages",
		"value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]any{"phone_number_id": WhatsAppNumber},
			what:                items,
		},
	}
	body := map[string]any{
		"object": "whatsapp_business_account",
		"entry":  []any{map[string]any{"id": WhatsAppBusiness, "changes": []any{change}}},
	}
	return c.Call(ctx, http.MethodPost, c.Mail+"/_fake/chat/hook", body, nil)
}

// relayHook handles SendWebhook: it sends the body of the request to Parley until Parley accepts it.
func (c *chatProviders) relayHook(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	c.sending.Go(func() { //nolint:contextcheck // retries outlive this request
		for {
			status, err := c.graph.PostHook(c.base+"/hooks/wa", body)
			isAccepted := err == nil && status/100 == 2 // any status from 200 to 299
			if isAccepted || !wire.For(c.ended, webhookRetryEvery) {
				return
			}
		}
	})
}
