package store_test

import (
	"parley/store"
	"parley/store/storetest"
)

// dispatchStatements returns the statements that claim and finish deliveries. They read about as many rows as they hand out.
func dispatchStatements() []storetest.Statement {
	gates, slots, given, everything := []int64{}, []int32{}, []int64{}, []string{}
	for g := range int64(50) {
		gates, slots = append(gates, g+1), append(slots, 4)
		given, everything = append(given, g), append(everything, "-infinity")
	}

	many := make([]store.DeliveryID, 64)
	for i := range many {
		many[i] = store.DeliveryID(i*100 + 1)
	}
	var done []store.FinishedDelivery
	epochs, advance, waits := make([]int64, len(many)), make([]int32, len(many)), make([]float64, len(many))
	for i, lane := range many {
		done = append(done, store.FinishedDelivery{LaneID: store.LaneID(lane), ID: lane, State: store.Accepted, GatePace: store.GatePace{Advance: 1}})
		advance[i] = 1
	}

	return []storetest.Statement{
		{
			Name:    "claim",
			SQL:     store.ClaimSQL,
			Args:    []any{gates, slots, given, everything},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 300},
			Index:   "lanes_due",
		},
		{
			Name:    "claim among priorities",
			SQL:     store.ClaimSharedSQL,
			Args:    []any{gates, slots, given, everything},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 3000, "deliveries": 1000, "gates": 300},
			Index:   "lanes_due",
		},
		{
			Name:    "claim of the stuck gate",
			SQL:     store.ClaimSQL,
			Args:    []any{[]int64{50}, []int32{16}, given[:1], everything[:1]},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 0, "deliveries": 0, "gates": 110},
		},
		{
			Name:    "due gates",
			SQL:     store.DueGatesSQL,
			Args:    []any{gates, everything, false},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 250, "gates": 60},
			Index:   "lanes_due",
		},
		{
			Name:    "due gates touched",
			SQL:     store.DueGatesSQL,
			Args:    []any{[]int64{3, 50}, everything[:2], false},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 10, "gates": 60},
			Index:   "lanes_due",
		},
		{
			Name:    "due gates, and the oldest",
			SQL:     store.DueGatesSQL,
			Args:    []any{gates, everything, true},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 500, "gates": 60},
			Index:   "lanes_due",
		},
		{
			Name:    "other gates",
			SQL:     store.OtherGatesSQL,
			Args:    []any{[]int64{0}, []int64{1000}},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 60},
			Index:   "lanes_due",
		},
		{
			Name:    "fence",
			SQL:     store.FenceSQL,
			Args:    []any{many, epochs},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 130},
			Index:   "lanes_pkey",
		},
		{
			Name:    "finish deliveries",
			SQL:     store.FinishDelivSQL,
			Args:    store.DeliveryResults(done),
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 130, "deliveries": 130},
			Index:   "deliveries_pkey",
		},
		{
			Name:    "finish lanes",
			SQL:     store.FinishLanesSQL,
			Args:    []any{many, epochs, many, advance, waits, make([]bool, len(many)), waits, make([]bool, len(many))},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 130, "deliveries": 200},
			Index:   "lanes_pkey",
		},
		{
			Name:    "hurry cards",
			SQL:     store.HurryCardsSQL,
			Args:    []any{many},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 400, "deliveries": 200},
			Index:   "lanes_conversation",
		},
		{
			Name:    "give way",
			SQL:     store.GiveWaySQL,
			Args:    []any{int64(101), int64(0), "x"},
			Hot:     true,
			MaxRows: map[string]float64{"lanes": 2, "deliveries": 4},
			Index:   "deliveries_lane_id_seq_key",
		},
		{
			Name:    "old marks",
			SQL:     store.DropOldMarksSQL,
			Args:    []any{3600.0, 100, 3},
			MaxRows: map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 60},
			Index:   "lanes_due",
		},
	}
}
