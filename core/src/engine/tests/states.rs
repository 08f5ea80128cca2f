//! The states of an order: what each report makes of it, in the precedence of FIX 4.4.

use super::*;

#[test]
fn an_order_is_taken_acknowledged_and_filled() {
    let mut it = Journaled::new(engine());
    let taken = it.submit(request(1));
    assert_eq!((taken.order_id, taken.status, taken.duplicate), (1, OrdStatus::PENDING_NEW, 0));
    it.say(1, ExecType::NEW);
    assert_stands(it.order(1), OrdStatus::NEW, 0, 10 * UNIT);
    it.hear(&[trade(1, 1, 4 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    let out = it.hear(&[trade(1, 2, 6 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::FILLED, 10 * UNIT, 0);
    assert_eq!(out.fills[0].1.status, OrdStatus::FILLED);
    assert_eq!(out.fills[0].1.fee, 5);
    assert_eq!(it.order(1).average_price(), PRICE);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(10 * UNIT));
    it.assert_replay();
}

#[test]
fn a_fill_can_come_before_the_acceptance() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.hear(&[trade(1, 1, 4 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.say(1, ExecType::NEW);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.assert_replay();
}

#[test]
fn a_partial_fill_while_a_cancel_is_pending_keeps_it_pending_and_the_refusal_restores() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    assert_eq!(it.cancel(order).status, OrdStatus::PENDING_CANCEL);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_CANCEL, 4 * UNIT, 6 * UNIT);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.assert_replay();
}

#[test]
fn an_order_filled_while_a_cancel_is_pending_is_filled_once_the_cancel_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.cancel(order);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_CANCEL, 10 * UNIT, 0);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::FILLED, 10 * UNIT, 0);
    assert_eq!(it.order(order).reason, OrderReason::NONE);
    it.assert_replay();
}

#[test]
fn a_late_fill_on_a_canceled_order_keeps_it_canceled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.cancel(order);
    it.say(order, ExecType::CANCELED);
    assert_stands(it.order(order), OrdStatus::CANCELED, 0, 0);
    let out = it.hear(&[trade(order, 1, 4 * UNIT)]);
    assert_eq!(out.anomalies[0].0, Anomaly::LateFill);
    assert_stands(it.order(order), OrdStatus::CANCELED, 4 * UNIT, 0);
    assert_eq!(out.fills[0].1.leaves_quantity, 0);
    it.hear(&[trade(order, 2, 6 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::CANCELED, 10 * UNIT, 0);
    it.assert_replay();
}

#[test]
fn a_late_fill_after_expiry_is_recorded() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.say(order, ExecType::EXPIRED);
    it.hear(&[trade(order, 1, UNIT)]);
    assert_stands(it.order(order), OrdStatus::EXPIRED, UNIT, 0);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(UNIT));
    it.assert_replay();
}

#[test]
fn an_over_fill_is_recorded_and_leaves_nothing() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    let out = it.hear(&[trade(order, 1, 12 * UNIT)]);
    assert_eq!(out.anomalies[0].0, Anomaly::OverFill);
    assert_stands(it.order(order), OrdStatus::FILLED, 12 * UNIT, 0);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(12 * UNIT));
    it.assert_replay();
}

#[test]
fn a_repeated_trade_is_dropped_and_a_conflicting_one_raises_an_alarm() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    let sequence = it.engine.state().sequence();
    assert_eq!(it.hear(&[trade(order, 1, 4 * UNIT)]).anomalies[0].0, Anomaly::DuplicateTrade);
    assert_eq!(it.hear(&[trade(order, 1, 5 * UNIT)]).anomalies[0].0, Anomaly::ConflictingTrade);
    assert_eq!(it.engine.state().sequence(), sequence);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
}

#[test]
fn a_report_on_an_unknown_order_is_an_anomaly() {
    let mut it = Journaled::new(engine());
    assert_eq!(it.hear(&[trade(99, 1, UNIT)]).anomalies[0].0, Anomaly::UnknownOrder);
}

#[test]
fn a_replacement_to_less_than_what_is_done_fills_the_order() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    let asked = it.modify(OrderModify { order_id: order, quantity: 3 * UNIT, ..OrderModify::default() });
    assert_eq!(asked.status, OrdStatus::PENDING_REPLACE);
    let answer = VenueReport { quantity: 3 * UNIT, ..report(order, ExecType::REPLACED) };
    it.hear(&[answer]);
    assert_stands(it.order(order), OrdStatus::FILLED, 4 * UNIT, 0);
    assert_eq!(it.order(order).quantity, 4 * UNIT);
    it.assert_replay();
}

#[test]
fn fills_while_a_replacement_is_pending_carry_the_original_orders_parameters() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.modify(OrderModify {
        order_id: order,
        new_client_order_id: 2,
        price: PRICE - TICK,
        quantity: 20 * UNIT,
        ..OrderModify::default()
    });
    let out = it.hear(&[trade(order, 1, UNIT)]);
    let report = out.reports[0].1;
    assert_eq!((report.price, report.quantity, report.client_order_id), (PRICE, 10 * UNIT, 1));
    assert_eq!((out.fills[0].1.client_order_id, out.fills[0].1.leaves_quantity), (1, 9 * UNIT));
    it.assert_replay();
}

#[test]
fn status_follows_fix_precedence_when_several_states_hold() {
    let mut order = Order::new(1, request(1), context(1));
    order.base = OrdStatus::NEW;
    assert_eq!(order.status(), OrdStatus::NEW);
    order.cumulative = UNIT;
    assert_eq!(order.status(), OrdStatus::PARTIALLY_FILLED);
    order.base = OrdStatus::SUSPENDED;
    assert_eq!(order.status(), OrdStatus::SUSPENDED);
    order.base = OrdStatus::STOPPED;
    assert_eq!(order.status(), OrdStatus::STOPPED);
    order.cumulative = 10 * UNIT;
    assert_eq!(order.status(), OrdStatus::FILLED);
    order.base = OrdStatus::DONE_FOR_DAY;
    assert_eq!(order.status(), OrdStatus::DONE_FOR_DAY);
    order.pending_replace = Some(OrderModify::default());
    assert_eq!(order.status(), OrdStatus::PENDING_REPLACE);
    order.pending_cancel = true;
    assert_eq!(order.status(), OrdStatus::PENDING_CANCEL);
}

#[test]
fn a_replacement_changes_price_quantity_and_number() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    let row = OrderModify {
        order_id: order,
        new_client_order_id: 2,
        price: PRICE - TICK,
        quantity: 12 * UNIT,
        ..OrderModify::default()
    };
    assert_eq!(it.modify(row).reason, OrderReason::NONE);
    assert_eq!(it.modify(row).duplicate, 1, "the same replacement again is the same one");
    it.hear(&[trade(order, 1, UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_REPLACE, UNIT, 9 * UNIT);
    it.hear(&[VenueReport { price: row.price, quantity: row.quantity, ..report(order, ExecType::REPLACED) }]);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, UNIT, 11 * UNIT);
    assert_eq!(it.order(order).price, PRICE - TICK);
    assert_eq!(it.order(order).client_order_id, 2);
    assert_eq!(it.engine.state().find(7, 1), order);
    assert_eq!(it.engine.state().find(7, 2), order);
    it.assert_replay();
}

#[test]
fn a_refused_replacement_restores_the_order() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.modify(OrderModify { order_id: order, quantity: 3 * UNIT, ..OrderModify::default() });
    it.cancel(order);
    assert_eq!(it.order(order).status(), OrdStatus::PENDING_CANCEL);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert!(it.order(order).pending_cancel, "the replacement was answered, the cancel was not");
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::NEW, 0, 10 * UNIT);
    it.assert_replay();
}

#[test]
fn a_bust_takes_the_trade_back_and_a_canceled_order_stays_canceled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    it.say(order, ExecType::CANCELED);
    it.hear(&[VenueReport { trade_id: 1, ..report(order, ExecType::TRADE_CANCEL) }]);
    assert_stands(it.order(order), OrdStatus::CANCELED, 0, 0);
    assert_eq!(it.engine.state().position(7, id(1)), 0);
    assert_eq!(it.order(order).average_price(), 0);
    it.assert_replay();
}

#[test]
fn a_bust_opens_a_filled_order_again_and_a_correction_changes_its_price() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    assert_eq!(it.engine.state().open_orders(7), 0);
    it.hear(&[VenueReport {
        trade_id: 1,
        price: PRICE - TICK,
        quantity: 8 * UNIT,
        ..report(order, ExecType::TRADE_CORRECT)
    }]);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 8 * UNIT, 2 * UNIT);
    assert_eq!(it.order(order).average_price(), PRICE - TICK);
    assert_eq!(it.engine.state().open_orders(7), 1);
    assert_eq!(it.engine.state().open_in(7, id(1)).buy, u128::from(2 * UNIT));
    it.assert_replay();
}

#[test]
fn a_cancel_of_a_filled_order_by_the_venue_leaves_it_filled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    it.say(order, ExecType::CANCELED);
    assert_stands(it.order(order), OrdStatus::FILLED, 10 * UNIT, 0);
    it.assert_replay();
}

#[test]
fn the_end_of_an_order_is_said_once() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.say(order, ExecType::CANCELED);
    for exec_type in [ExecType::CANCELED, ExecType::EXPIRED, ExecType::REJECTED, ExecType::NEW] {
        let out = it.say(order, exec_type);
        assert_eq!(out.anomalies[0].0, Anomaly::Unexpected);
        assert!(out.reports.is_empty());
    }
}

#[test]
fn a_refusal_by_the_venue_after_a_fill_is_a_cancel_of_the_rest() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.hear(&[trade(1, 1, UNIT)]);
    it.say(1, ExecType::REJECTED);
    assert_stands(it.order(1), OrdStatus::CANCELED, UNIT, 0);
    it.assert_replay();
}
