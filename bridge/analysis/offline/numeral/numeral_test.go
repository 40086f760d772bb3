package numeral_test

import (
	"testing"

	"parley/bridge/analysis/offline/numeral"
)

// TestForms holds that each form has its examples, and not those of others.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, form := range []struct {
		name   string
		is     func(string) bool
		of     []string
		others []string
	}{
		{"date", numeral.IsDate, []string{"05.12.2026", "2026-12-05", "5/12/26", "5.12"}, []string{"5-12", "55120", "2026/118", "45.12"}},
		{"time", numeral.IsTime, []string{"17:30", "14h30", "14h", "40mm", "3rd"}, []string{"55120", "117:30"}},
		{"decimal", numeral.IsDecimal, []string{"3.90"}, []string{"3.900", "1234.50", "390"}},
		{"error code", numeral.IsErrorCode, []string{"E-77", "F03"}, []string{"E-4410", "G03", "E"}},
		{"tax number", numeral.IsTaxNumber, []string{"DE811887442", "ATU12345678", "NL123456789B01"}, []string{"DE81188744", "XX811887442", "D"}},
		{"British postcode", func(s string) bool { return numeral.IsPostcode(s, "") }, []string{"SW1A 1AA", "M1 2AB"}, []string{"AB12CD", "AB-4410", "M1 2204"}},
		{"bank account", numeral.IsIBAN, []string{"PL61109010140000071219812874", "DE89 3704 0044 0532"}, []string{"RB 4410 2277 9018 2CH", "JD014600003828392821", "LP00471188207735"}},
		{"parcel", numeral.IsParcelNumber, []string{"1Z999AA10123456784", "rr123456785de", "JD014600003828392821", "00340434161094015902", "QB 771 204 118 BR", "3SKLMN 0087 4412", "6A04418829311", "PX4417009312", "TBA441700931187", "LP00471188207735"}, []string{"55120", "RR12345678"}},
		{"rating", numeral.IsRating, []string{"XR-4410-220V", "SL-2200W"}, []string{"XR-4410", "2200W", "SL-2211W"}},
		{"distinctive", numeral.IsDistinctive, []string{"55-1188", "77120-B", "77Q-3310", "RG1183"}, []string{"2026/27", "11/2027", "600-100-200", "205/55R16", "12-AB-34", "AB-123-CD", "SX-2000", "55120"}},
	} {
		for _, value := range form.of {
			if !form.is(value) {
				t.Errorf("%s isn't called a %s", value, form.name)
			}
		}
		for _, value := range form.others {
			if form.is(value) {
				t.Errorf("%s is called a %s", value, form.name)
			}
		}
	}
}
