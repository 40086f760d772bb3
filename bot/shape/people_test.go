package shape

import (
	"testing"

	"parley/bridge"
)

// People read a customer's phone number if it is known, and not an id that only the provider uses.
func TestPartyWithAPhoneNumber(t *testing.T) {
	t.Parallel()
	const id, phone = "US.1349491701234567", "+491701234567"
	tests := []struct {
		name      string
		party     bridge.PartyRef
		wantName  string
		wantParty string
	}{
		{
			name:     "name and number",
			party:    bridge.PartyRef{Name: "Ünal", Address: id, Phone: phone},
			wantName: "Ünal", wantParty: "Ünal <" + phone + ">",
		},
		{
			name:     "number instead of a name",
			party:    bridge.PartyRef{Name: phone, Address: id, Phone: phone},
			wantName: phone, wantParty: phone,
		},
		{
			name:     "number alone",
			party:    bridge.PartyRef{Address: id, Phone: phone},
			wantName: phone, wantParty: phone,
		},
		{
			name:     "hidden number",
			party:    bridge.PartyRef{Name: "Ünal", Address: id},
			wantName: "Ünal", wantParty: "Ünal <" + id + ">",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := PartyName(tt.party); got != tt.wantName {
				t.Errorf("the name is %q, want %q", got, tt.wantName)
			}
			if got := Party(tt.party); got != tt.wantParty {
				t.Errorf("the party is %q, want %q", got, tt.wantParty)
			}
		})
	}
}
