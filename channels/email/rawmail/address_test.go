package rawmail

import (
	"testing"

	"parley/channels"
)

// Who somebody is doesn't depend on the case of an address. Where mail is sent keeps it before the "@", since a few servers tell
// such addresses apart (RFC 5321 section 2.4).
func TestAddressesKeepTheirSpelling(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]channels.Party{
		"ann@customer.test":                        {Key: "ann@customer.test"},
		"ann@Customer.TEST":                        {Key: "ann@customer.test"},
		"Ann Lee <Ann.LEE@Customer.test>":          {Key: "ann.lee@customer.test", Address: "Ann.LEE@customer.test", Name: "Ann Lee"},
		"<mailto:Ann@customer.test>":               {Key: "ann@customer.test", Address: "Ann@customer.test"},
		`"Odd Name"@customer.test`:                 {Key: `"odd name"@customer.test`, Address: `"Odd Name"@customer.test`},
		`"Ann..Lee"@customer.test`:                 {Key: "ann..lee@customer.test", Address: "Ann..Lee@customer.test"},
		"Ann@Bücher.test":                          {Key: "ann@xn--bcher-kva.test", Address: "Ann@xn--bcher-kva.test"},
		"ANN@customer.test, Ann@customer.test (a)": {Key: "ann@customer.test", Address: "ANN@customer.test"},
	} {
		got := Addresses(NewGuesser(), field)
		if len(got) != 1 || got[0].Key != want.Key || got[0].Address != want.Address || got[0].Name != want.Name {
			t.Errorf("%q is read as %+v, want %+v", field, got, want)
		}
	}
}
