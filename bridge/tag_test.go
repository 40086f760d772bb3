package bridge

import "testing"

// Requirement R-152: Near doubles of a tag are asked about.
func TestNearTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"Billing", "billing", true},
		{"Billing", "Billing Issue", true},
		{"Refunds", "refund", true},
		{"Follow up", "follow-up", true},
		{"Newuser", "New User", true},
		{"Billing Issue", "Technical Issue", false},
		{"Glass", "Glas", false},
		{"退款", "退款 问题", true},
		{"!!", "??", false},
	}
	for _, tt := range tests {
		if got := AreNearTags(tt.a, tt.b); got != tt.want {
			t.Errorf("AreNearTags(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
