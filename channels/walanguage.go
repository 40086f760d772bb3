package channels

import (
	"slices"
	"strings"
)

// Codes returns the codes of all languages, in the order of Meta's table.
// Source: Meta, "Supported Languages" of message templates
// (developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages), as of May 21,
// 2026; read in November 2026.
func Codes() []string {
	return strings.Fields(`
		af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE
		en en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA
		et fil fi fr fr_BE fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG
		lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru sr si_LK sk sl
		es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY
		sw sv ta te th tr uk ur uz vi zu`)
}

// IsKnown reports whether WhatsApp has a language for templates. Codes are written as in Codes, with the same letters
// in capitals.
func IsKnown(code string) bool { return slices.Contains(Codes(), code) }

// Suggest returns the codes that may be meant by one that WhatsApp doesn't have, the likeliest first: de for de_DE and DE,
// pt_BR and pt_PT for pt. It returns none if WhatsApp doesn't have the language at all.
func Suggest(code string) []string {
	language, region, _ := strings.Cut(strings.ReplaceAll(code, "-", "_"), "_")
	language, region = strings.ToLower(language), strings.ToUpper(region)
	for _, candidate := range []string{language + "_" + region, language} {
		if IsKnown(candidate) {
			return []string{candidate}
		}
	}

	var forms []string
	for _, known := range Codes() {
		if strings.HasPrefix(known, language+"_") {
			forms = append(forms, known)
		}
	}
	return forms
}
