package meta

import (
	"reflect"
	"testing"
	"time"

	"parley/channels"
)

// newsAt is the time of the webhooks below.
func newsAt() time.Time { return time.Unix(1763631000, 0).UTC() }

// checkNews decodes a webhook about the account, and compares it with want, nil if it means nothing to us.
func checkNews(t *testing.T, field, value string, want []channels.Inbound) {
	t.Helper()
	if got := decodeHook(t, hook(field, value)); !reflect.DeepEqual(got, want) {
		t.Errorf("decoded as\n     %s\nwant %s", jsonOf(got), jsonOf(want))
	}
}

// A webhook about a template tells its status with the reason, its quality, or its category. Fields that it doesn't tell
// stay empty.
func TestDecodeTemplateNews(t *testing.T) {
	t.Parallel()
	const names = `"message_template_id":9000000000000001,"message_template_name":"hello","message_template_language":"en_US"`
	tests := []struct {
		name  string
		field string
		value string
		want  channels.TemplateState // besides the names
	}{
		{
			name:  "approved",
			field: "message_template_status_update",
			value: `{"event":"APPROVED",` + names + `,"reason":"NONE","message_template_category":"UTILITY"}`,
			want:  channels.TemplateState{Status: channels.TemplateApproved, Category: "utility"},
		},
		{
			name:  "rejected",
			field: "message_template_status_update",
			value: `{"event":"REJECTED",` + names + `,"reason":"INVALID_FORMAT",
				"rejection_info":{"reason":"Bad.","recommendation":"Write better"}}`,
			want: channels.TemplateState{Status: channels.TemplateRejected, Reason: "Bad. Write better"},
		},
		{
			name:  "paused",
			field: "message_template_status_update",
			value: `{"event":"PAUSED",` + names + `,"reason":"LOW_QUALITY"}`,
			want:  channels.TemplateState{Status: channels.TemplatePaused, Reason: "low quality"},
		},
		{
			name:  "disabled",
			field: "message_template_status_update",
			value: `{"event":"DISABLED",` + names + `,"disable_info":{"disable_date":"2026-11-20"}}`,
			want:  channels.TemplateState{Status: channels.TemplateDisabled, Reason: "disabled on 2026-11-20"},
		},
		{
			name:  "quality",
			field: "message_template_quality_update",
			value: `{"previous_quality_score":"GREEN","new_quality_score":"RED",` + names + `}`,
			want:  channels.TemplateState{Quality: "red"},
		},
		{
			name:  "category, and with it the price",
			field: "template_category_update",
			value: `{"previous_category":"UTILITY","new_category":"MARKETING",` + names + `}`,
			want:  channels.TemplateState{Category: "marketing"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := tt.want
			state.ExternalID, state.Name, state.Language = "9000000000000001", "hello", "en_US"
			checkNews(t, tt.field, tt.value, []channels.Inbound{{Kind: channels.InboundTemplate, At: newsAt(), Template: &state}})
		})
	}
}

// A webhook about the number or the business account becomes a notice for people.
func TestDecodeAccountNews(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field string
		value string
		want  string
	}{
		{
			name:  "limit of the number",
			field: "phone_number_quality_update",
			value: `{"display_phone_number":"15550100","event":"DOWNGRADE","current_limit":"TIER_1K"}`,
			want:  "WhatsApp changed what the number 15550100 may send: downgrade; new customers in 24 hours: 1k.",
		},
		{
			name:  "alert",
			field: "account_alerts",
			value: `{"entity_type":"BUSINESS","alert_severity":"CRITICAL","alert_type":"OBA_REJECTED","alert_description":"Look"}`,
			want:  "WhatsApp warns (critical, oba rejected): Look",
		},
		{
			name:  "ban of the account",
			field: "account_update",
			value: `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"},"violation_info":{"violation_type":"SPAM"}}`,
			want:  "WhatsApp changed the business account: disabled update (disable), because of spam.",
		},
		{
			name:  "restriction of the account",
			field: "account_update",
			value: `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING",
				"expiration":1800000000},{"restriction_type":"RESTRICTED_ADD_PHONE_NUMBER_ACTION"}]}`,
			want: "WhatsApp changed the business account: account restriction (restricted biz initiated messaging until 2027-01-15, " +
				"restricted add phone number action).",
		},
		{
			name:  "error of the number",
			field: "messages",
			value: `{"metadata":{"phone_number_id":"1055"},
				"errors":[{"code":130429,"title":"Rate limit hit","error_data":{"details":"Too fast"}}]}`,
			want: "WhatsApp reports a problem with this number: Too fast (130429)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkNews(t, tt.field, tt.value, []channels.Inbound{{Kind: channels.InboundNotice, At: newsAt(), Notices: []string{tt.want}}})
		})
	}
}

// A customer may stop and resume advertising in WhatsApp's own menu. This is decoded as a consent that shows no message.
func TestDecodeConsent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value string
		want  channels.Inbound
	}{
		{
			name: "stop",
			value: `{"metadata":{"phone_number_id":"1055"},"contacts":[{"profile":{"name":"Ann"},"wa_id":"491701234567"}],
				"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"stop","timestamp":1763631000}]}`,
			want: channels.Inbound{
				From:    channels.Party{Key: annPhone, Name: "Ann"},
				Consent: &channels.Consent{OptedOut: true, Marketing: true, Silent: true},
			},
		},
		{
			name:  "resume",
			value: `{"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"resume","timestamp":1763631000}]}`,
			want: channels.Inbound{
				From:    channels.Party{Key: annPhone},
				Consent: &channels.Consent{Marketing: true, Silent: true},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.Kind, want.At = channels.InboundConsent, newsAt()
			checkNews(t, "user_preferences", tt.value, []channels.Inbound{want})
		})
	}
}

// A message that was written on the business's own phone is decoded as one that Parley didn't send.
func TestDecodeEcho(t *testing.T) {
	t.Parallel()
	checkNews(t, "smb_message_echoes", `{
		"metadata": {"phone_number_id": "1055"},
		"contacts": [{"profile": {"name": "Ann"}, "wa_id": "491701234567"}],
		"message_echoes": [{"from": "15550100", "to": "491701234567", "id": "wamid.9", "timestamp": "1763631000",
			"type": "text", "text": {"body": "from the *phone*"}, "context": {"id": "wamid.8"}}]}`, []channels.Inbound{{
		Kind: channels.InboundElsewhere, ExternalID: "wamid.9", At: newsAt(), Answers: channels.Answers{External: "wamid.8"},
		From: channels.Party{Key: annPhone, Name: "Ann"}, Text: "from the **phone**",
	}})
}
