package dispatch_test

import (
	"testing"

	"parley/store"
	"parley/store/dispatch"
	"parley/store/plantest"
	"parley/store/storetest"
)

// Claiming and finishing read about as many rows as they hand out, however many lanes there are: each
// by its index, none by a scan of its table.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	gates, slots, given, everything := []int64{}, []int32{}, []int64{}, []string{}
	for g := range int64(50) {
		gates, slots = append(gates, g+1), append(slots, 4)
		given, everything = append(given, g), append(everything, "-infinity")
	}
	many := make([]store.DeliveryID, 64)
	for i := range many {
		many[i] = store.DeliveryID(i*100 + 1)
	}
	var done []dispatch.Finish
	epochs, advance, waits := make([]int64, len(many)), make([]int32, len(many)), make([]float64, len(many))
	for i, lane := range many {
		done = append(done, dispatch.Finish{LaneID: store.LaneID(lane), ID: lane, State: store.Accepted, Advance: 1})
		advance[i] = 1
	}
	leased := []string{`UPDATE lanes SET leased_until = now() WHERE id % 100 = 1 AND id < 6400`}
	plantest.Run(t, pool, append(plantest.Lanes(), leased...), []plantest.Statement{
		plantest.Hot("claim", dispatch.ClaimSQL, []any{gates, slots, true, given, everything}, map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 300}, "lanes_due"),
		plantest.Hot("claim among priorities", dispatch.ClaimSharedSQL, []any{gates, slots, true, given, everything}, map[string]float64{"lanes": 3000, "deliveries": 1000, "gates": 300}, "lanes_due"),
		plantest.Hot("claim of the stuck gate", dispatch.ClaimSQL, []any{[]int64{50}, []int32{16}, true, given[:1], everything[:1]}, map[string]float64{"lanes": 0, "deliveries": 0, "gates": 110}, ""),
		plantest.Hot("due gates", dispatch.DueGatesSQL, []any{gates, everything, false}, map[string]float64{"lanes": 250, "gates": 60}, "lanes_due"),
		plantest.Hot("due gates touched", dispatch.DueGatesSQL, []any{[]int64{3, 50}, everything[:2], false}, map[string]float64{"lanes": 10, "gates": 60}, "lanes_due"),
		plantest.Hot("due gates, and the oldest", dispatch.DueGatesSQL, []any{gates, everything, true}, map[string]float64{"lanes": 500, "gates": 60}, "lanes_due"),
		plantest.Hot("other gates", dispatch.OtherGatesSQL, []any{[]int64{0}, []int64{1000}}, map[string]float64{"lanes": 60}, "lanes_due"),
		plantest.Hot("fence", dispatch.FenceSQL, []any{many, epochs}, map[string]float64{"lanes": 130}, "lanes_pkey"),
		plantest.Hot("finish deliveries", dispatch.FinishDelivSQL, dispatch.DeliveryResults(done), map[string]float64{"lanes": 130, "deliveries": 130}, "deliveries_pkey"),
		plantest.Hot("finish lanes", dispatch.FinishLanesSQL, []any{many, epochs, many, advance, waits, make([]bool, len(many)), waits, make([]bool, len(many))}, map[string]float64{"lanes": 130, "deliveries": 130}, "lanes_pkey"),
		plantest.Hot("give way", dispatch.GiveWaySQL, []any{int64(101), int64(0), "x"}, map[string]float64{"lanes": 2, "deliveries": 4}, "deliveries_lane_id_seq_key"),
		plantest.Cold("old marks", dispatch.DropOldMarksSQL, []any{3600.0, 100, 3}, map[string]float64{"lanes": 2000, "deliveries": 1000, "gates": 60}, "lanes_due"),
	})
}
