package graphfake

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Libraries ask for all fields that Meta documents. Graph leaves out those that a node has no value for, and refuses none.
// The fields of an account are those of Meta's own library for JavaScript, 24.0.1, and two that pywa reads besides, one of
// them an edge.
func TestDocumentedFieldsAreKnown(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	template := m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	for node, fields := range map[string][]string{
		"1055": {
			"account_mode", "certificate", "code_verification_status", "conversational_automation", "country_code",
			"country_dial_code", "display_phone_number", "eligibility_for_api_business_global_search", "health_status",
			"is_official_business_account", "is_on_biz_app", "is_pin_enabled", "is_preverified_number", "last_onboarded_time",
			"messaging_limit_tier", "name_status", "new_certificate", "new_name_status", "platform_type", "quality_rating",
			"quality_score", "search_visibility", "status", "throughput", "verified_name", "webhook_configuration",
			"whatsapp_business_manager_messaging_limit",
		},
		"2066": {
			"account_review_status", "analytics", "auth_international_rate_eligibility",
			"business_verification_status", "country", "creation_time", "currency",
			"disable_marketing_messages_on_cloud_api", "health_status", "is_enabled_for_insights",
			"is_shared_with_partners", "linked_commerce_account", "marketing_messages_lite_api_status",
			"marketing_messages_onboarding_status", "message_template_namespace", "name",
			"on_behalf_of_business_info", "owner_business", "owner_business_info", "ownership_type",
			"primary_business_location", "primary_funding_id", "purchase_order_number", "status", "subscribed_apps",
			"timezone_id", "whatsapp_business_manager_messaging_limit",
		},
		template: {
			"bid_spec", "category", "components", "correct_category", "cta_url_link_tracking_opted_out",
			"degrees_of_freedom_spec", "language", "library_template_name", "message_send_ttl_seconds", "name",
			"parameter_format", "previous_category", "quality_score", "rejected_reason", "status", "sub_category",
		},
	} {
		status, answer := m.request(http.MethodGet, "/v26.0/"+node+"?fields=id,"+strings.Join(fields, ","), "T", "", nil)
		if status != http.StatusOK {
			t.Errorf("the fields of %s: got %d %s, want 200", node, status, answer)
		}
	}
}

// The quality of a template has the time since when it is so. Libraries rely on it.
func TestQualityHasDate(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	id := m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	created := m.Now().Unix()
	m.moveClock(time.Hour)
	_, answer := m.request(http.MethodGet, "/v26.0/"+id+"?fields=quality_score", "T", "", nil)
	wantEqual(t, "answer", answer, fmt.Sprintf(`{"id":"%s","quality_score":{"date":%d,"score":"UNKNOWN"}}`, id, created))
}
