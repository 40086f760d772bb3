package emulators

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"parley/channels/pause"
)

// webhookRetryEvery is the pause before WhatsApp repeats a webhook that was not accepted.
const webhookRetryEvery = 500 * time.Millisecond

// SendWebhook lets WhatsApp send Parley a webhook until Parley accepts it. what is "messages" or "statuses", and items are
// those.
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

// relayHook sends a webhook of WhatsApp's and repeats that until it is accepted.
func (c *chatProviders) relayHook(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	c.sending.Go(func() { //nolint:contextcheck // the provider goes on when the driver has hung up
		for {
			status, err := c.graph.PostHook(c.base+"/hooks/wa", body)
			isAccepted := err == nil && status/100 == 2 // any status from 200 to 299
			if isAccepted || !pause.For(c.ended, webhookRetryEvery) {
				return
			}
		}
	})
}
