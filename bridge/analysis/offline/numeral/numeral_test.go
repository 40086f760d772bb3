package numeral_test

import (
	"strings"
	"testing"

	"parley/bridge/analysis/offline/numeral"
)

// isInPhone reports whether the first word of a text is part of a phone number.
func isInPhone(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return numeral.IsInPhone(text, 0, len(first))
}

// Each form of numbers is recognised in its examples, and not in values that look like it.
func TestForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		matches    func(string) bool
		examples   []string
		lookalikes []string
	}{
		{
			name:     "date",
			matches:  numeral.IsDate,
			examples: []string{"05.12.2026", "2026-12-05", "5/12/26", "5.12"},
			lookalikes: []string{
				"5-12",     // a span
				"55120",    // no mark
				"2026/118", // no month
				"45.12",    // no month has 45 days
			},
		},
		{
			name:       "year",
			matches:    numeral.IsYear,
			examples:   []string{"1998", "2026"},
			lookalikes: []string{"1826", "26", "20266"},
		},
		{
			name:       "hour or measure",
			matches:    numeral.IsHourOrMeasure,
			examples:   []string{"17:30", "14h30", "14h", "40mm", "3rd"},
			lookalikes: []string{"55120", "117:30"},
		},
		{
			name:     "decimal",
			matches:  numeral.IsDecimal,
			examples: []string{"3.90"},
			lookalikes: []string{
				"3.900",   // thousands
				"1234.50", // too large for a price
				"390",     // no point
			},
		},
		{
			name:     "dotted number",
			matches:  numeral.IsDotted,
			examples: []string{"64.713"},
			lookalikes: []string{
				"12.500", // round: a price or a count
				"12.550", // also round
				"1.713",  // four digits
			},
		},
		{
			name:     "number counted in a year",
			matches:  numeral.IsCountedInYear,
			examples: []string{"54/26"},
			lookalikes: []string{
				"5/26", // a month
				// Dates of other forms.
				"54/96",
				"54/2026",
			},
		},
		{
			name:       "error code",
			matches:    numeral.IsErrorCode,
			examples:   []string{"E-77", "F03"},
			lookalikes: []string{"E-4410", "G03", "E"},
		},
		{
			name:     "tax number",
			matches:  numeral.IsTaxNumber,
			examples: []string{"DE811887442", "ATU12345678", "NL123456789B01"},
			lookalikes: []string{
				"DE81188744",  // a digit is missing
				"XX811887442", // no such state
				"D",           // no number
			},
		},
		{
			name:       "British postcode",
			matches:    func(s string) bool { return numeral.IsPostcode(s, "") },
			examples:   []string{"SW1A 1AA", "M1 2AB"},
			lookalikes: []string{"AB12CD", "AB-4410", "M1 2204"},
		},
		{
			name:       "postcode before a town",
			matches:    func(s string) bool { return numeral.IsPostcode(s, " Porto") },
			examples:   []string{"4000-123", "30-001", "01310-100"},
			lookalikes: []string{"400-123", "4000-12"},
		},
		{
			name:       "postcode before a word that isn't a name",
			matches:    func(s string) bool { return numeral.IsPostcode(s, " and") },
			lookalikes: []string{"4000-123", "30-001", "01310-100"},
		},
		{
			name:       "phone number",
			matches:    isInPhone,
			examples:   []string{"030 1234567", "06.39.98.41.20"},
			lookalikes: []string{"4711 lamps", "4711 22", "RG1183 1234567"},
		},
		{
			name:     "bank account",
			matches:  numeral.IsIBAN,
			examples: []string{"PL61109010140000071219812874", "DE89 3704 0044 0532"},
			lookalikes: []string{
				// Numbers of parcels.
				"RB 4410 2277 9018 2CH",
				"JD014600003828392821",
				"LP00471188207735",
			},
		},
		{
			name:    "parcel number",
			matches: numeral.IsParcelNumber,
			examples: []string{
				"1Z999AA10123456784",
				"rr123456785de",
				"JD014600003828392821",
				"00340434161094015902",
				"QB 771 204 118 BR",
				"3SKLMN 0087 4412",
				"6A04418829311",
				"PX4417009312",
				"TBA441700931187",
				"LP00471188207735",
			},
			lookalikes: []string{
				"55120",      // too short
				"RR12345678", // without a country
			},
		},
		{
			name:     "rating",
			matches:  numeral.IsRating,
			examples: []string{"XR-4410-220V", "SL-2200W"},
			lookalikes: []string{
				"XR-4410",  // no unit
				"2200W",    // a measure alone
				"SL-2211W", // not round
			},
		},
		{
			name:     "distinctive number",
			matches:  numeral.IsDistinctive,
			examples: []string{"55-1188", "77120-B", "77Q-3310", "RG1183"},
			// Years, a month, a phone number, a tyre, two number plates, a model, and only digits.
			lookalikes: []string{"2026/27", "11/2027", "600-100-200", "205/55R16", "12-AB-34", "AB-123-CD", "SX-2000", "55120"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, value := range tt.examples {
				if !tt.matches(value) {
					t.Errorf("%q isn't recognised as a %s", value, tt.name)
				}
			}
			for _, value := range tt.lookalikes {
				if tt.matches(value) {
					t.Errorf("%q is recognised as a %s, want that it isn't", value, tt.name)
				}
			}
		})
	}
}
