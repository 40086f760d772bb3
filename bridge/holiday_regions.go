package bridge

import (
	"slices"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// Region is a country, or a state of one, whose public holidays are known.
type Region struct {
	Code string // ISO 3166: "DE", "DE-BY"
	Name string // "Germany", "Germany: Bayern"

	holidays []*cal.Holiday
}

// Countries returns the countries whose public holidays are known, sorted by name. Australia is missing because its states
// differ too much; see Parts.
func Countries() []Region {
	return []Region{
		{"AR", "Argentina", ar.Holidays},
		{"AT", "Austria", at.Holidays},
		{"BE", "Belgium", be.Holidays},
		{"BR", "Brazil", br.Holidays},
		{"BG", "Bulgaria", bg.Holidays},
		{"CA", "Canada", ca.Holidays},
		{"HR", "Croatia", hr.Holidays},
		{"CZ", "Czechia", cz.Holidays},
		{"DK", "Denmark", dk.Holidays},
		{"FR", "France", fr.Holidays},
		{"DE", "Germany", de.Holidays},
		{"GR", "Greece", gr.Holidays},
		{"IE", "Ireland", ie.Holidays},
		{"IT", "Italy", it.Holidays},
		{"JP", "Japan", jp.Holidays},
		{"LV", "Latvia", lv.Holidays},
		{"LT", "Lithuania", lt.Holidays},
		{"MW", "Malawi", mw.Holidays},
		{"NL", "Netherlands", nl.Holidays},
		{"NC", "New Caledonia", nc.Holidays},
		{"NZ", "New Zealand", nz.Holidays},
		{"NO", "Norway", no.Holidays},
		{"PL", "Poland", pl.Holidays},
		{"RO", "Romania", ro.Holidays},
		{"RU", "Russia", ru.Holidays},
		{"SK", "Slovakia", sk.Holidays},
		{"SI", "Slovenia", si.Holidays},
		{"ZA", "South Africa", za.Holidays},
		{"ES", "Spain", es.Holidays},
		{"SE", "Sweden", se.Holidays},
		{"CH", "Switzerland", ch.Holidays},
		{"UA", "Ukraine", ua.Holidays},
		{"GB", "United Kingdom", gb.Holidays},
		{"US", "United States", us.Holidays},
	}
}

// Parts returns the states and cantons with their own holidays, sorted by country and name.
func Parts() []Region { return slices.Concat(australianParts(), germanParts(), swissParts()) }

func australianParts() []Region {
	return []Region{
		{"AU-ACT", "Australia: Australian Capital Territory", au.HolidaysACT},
		{"AU-NSW", "Australia: New South Wales", au.HolidaysNSW},
		{"AU-NT", "Australia: Northern Territory", au.HolidaysNT},
		{"AU-QLD", "Australia: Queensland", au.HolidaysQLD},
		{"AU-SA", "Australia: South Australia", au.HolidaysSA},
		{"AU-TAS", "Australia: Tasmania", au.HolidaysTAS},
		{"AU-VIC", "Australia: Victoria", au.HolidaysVIC},
		{"AU-WA", "Australia: Western Australia", au.HolidaysWA},
	}
}

func germanParts() []Region {
	return []Region{
		{"DE-BW", "Germany: Baden-Württemberg", de.HolidaysBW},
		{"DE-BY", "Germany: Bayern", de.HolidaysBY},
		{"DE-BE", "Germany: Berlin", de.HolidaysBE},
		{"DE-BB", "Germany: Brandenburg", de.HolidaysBB},
		{"DE-HB", "Germany: Bremen", de.HolidaysHB},
		{"DE-HH", "Germany: Hamburg", de.HolidaysHH},
		{"DE-HE", "Germany: Hessen", de.HolidaysHE},
		{"DE-MV", "Germany: Mecklenburg-Vorpommern", de.HolidaysMV},
		{"DE-NI", "Germany: Niedersachsen", de.HolidaysNI},
		{"DE-NW", "Germany: Nordrhein-Westfalen", de.HolidaysNW},
		{"DE-RP", "Germany: Rheinland-Pfalz", de.HolidaysRP},
		{"DE-SL", "Germany: Saarland", de.HolidaysSL},
		{"DE-SN", "Germany: Sachsen", de.HolidaysSN},
		{"DE-ST", "Germany: Sachsen-Anhalt", de.HolidaysST},
		{"DE-SH", "Germany: Schleswig-Holstein", de.HolidaysSH},
		{"DE-TH", "Germany: Thüringen", de.HolidaysTH},
	}
}

func swissParts() []Region {
	return []Region{
		{"CH-AG", "Switzerland: Aargau", ch.HolidaysAG},
		{"CH-AR", "Switzerland: Appenzell Ausserrhoden", ch.HolidaysAR},
		{"CH-AI", "Switzerland: Appenzell Innerrhoden", ch.HolidaysAI},
		{"CH-BL", "Switzerland: Basel-Landschaft", ch.HolidaysBL},
		{"CH-BS", "Switzerland: Basel-Stadt", ch.HolidaysBS},
		{"CH-BE", "Switzerland: Bern", ch.HolidaysBE},
		{"CH-FR", "Switzerland: Fribourg", ch.HolidaysFR},
		{"CH-GE", "Switzerland: Genève", ch.HolidaysGE},
		{"CH-GL", "Switzerland: Glarus", ch.HolidaysGL},
		{"CH-GR", "Switzerland: Graubünden", ch.HolidaysGR},
		{"CH-JU", "Switzerland: Jura", ch.HolidaysJU},
		{"CH-LU", "Switzerland: Luzern", ch.HolidaysLU},
		{"CH-NE", "Switzerland: Neuchâtel", ch.HolidaysNE},
		{"CH-NW", "Switzerland: Nidwalden", ch.HolidaysNW},
		{"CH-OW", "Switzerland: Obwalden", ch.HolidaysOW},
		{"CH-SH", "Switzerland: Schaffhausen", ch.HolidaysSH},
		{"CH-SZ", "Switzerland: Schwyz", ch.HolidaysSZ},
		{"CH-SO", "Switzerland: Solothurn", ch.HolidaysSO},
		{"CH-SG", "Switzerland: St. Gallen", ch.HolidaysSG},
		{"CH-TG", "Switzerland: Thurgau", ch.HolidaysTG},
		{"CH-TI", "Switzerland: Ticino", ch.HolidaysTI},
		{"CH-UR", "Switzerland: Uri", ch.HolidaysUR},
		{"CH-VS", "Switzerland: Valais", ch.HolidaysVS},
		{"CH-VD", "Switzerland: Vaud", ch.HolidaysVD},
		{"CH-ZG", "Switzerland: Zug", ch.HolidaysZG},
		{"CH-ZH", "Switzerland: Zürich", ch.HolidaysZH},
	}
}
