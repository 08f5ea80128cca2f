//! Which order is meant: numbers of clients and of ours, repeats, and what memory keeps.

use super::*;

#[test]
fn the_same_client_order_id_is_the_same_order() {
    let mut it = Journaled::new(engine());
    let first = it.submit(request(1));
    let again = it.submit(request(1));
    assert_eq!((again.order_id, again.duplicate, again.reason), (first.order_id, 1, OrderReason::NONE));
    let other = it.submit(OrderRequest { price: PRICE - TICK, ..request(1) });
    assert_eq!((other.duplicate, other.reason), (1, OrderReason::DUPLICATE_CLIENT_ORDER_ID));
    let account = it.submit(OrderRequest { account_id: 8, ..request(1) });
    assert_eq!((account.order_id, account.duplicate), (2, 0));
    assert_eq!(it.engine.state().next_order_id(), 3);
    it.assert_replay();
}

#[test]
fn a_request_repeated_within_one_frame_is_one_order() {
    let mut it = Journaled::new(engine());
    let out = it.command(MessageType::ORDER_REQUEST, &[request(1), request(1)]);
    assert_eq!((out.outcomes[0].order_id, out.outcomes[1].order_id), (1, 1));
    assert_eq!((out.outcomes[0].duplicate, out.outcomes[1].duplicate), (0, 1));
    assert_eq!(out.routes.len(), 1);
    it.assert_replay();
}

#[test]
fn orders_without_a_number_get_one_of_ours() {
    let mut it = Journaled::new(engine());
    let first = it.submit(request(0));
    let second = it.submit(request(0));
    assert_ne!(first.client_order_id, second.client_order_id);
    assert!(first.client_order_id >> 63 == 1);
    it.assert_replay();
}

#[test]
fn a_cancel_names_its_order_by_either_number_and_only_within_its_account() {
    let mut it = Journaled::new(engine());
    let order = it.working(5);
    let foreign = OrderCancel { order_id: order, account_id: 8, ..OrderCancel::default() };
    let out = it.command(MessageType::ORDER_CANCEL, &[foreign]);
    assert_eq!(out.outcomes[0].reason, OrderReason::UNKNOWN_ORDER);
    let own = OrderCancel { client_order_id: 5, account_id: 7, ..OrderCancel::default() };
    let out = it.command(MessageType::ORDER_CANCEL, &[own]);
    assert_eq!(out.outcomes[0].order_id, order);
    let out = it.command(MessageType::ORDER_CANCEL, &[own]);
    assert_eq!(out.outcomes[0].duplicate, 1, "a repeated cancel is the same one");
    assert!(out.routes.is_empty());
    it.assert_replay();
}

#[test]
fn closed_orders_leave_memory_in_the_order_in_which_they_closed() {
    let mut it = Journaled::new(engine_with(limits(), 2));
    for number in 1..=5 {
        let order = it.working(number);
        if number != 1 {
            it.say(order, ExecType::CANCELED);
        }
    }
    it.submit(request(6));
    let evicted: Vec<u64> = it.engine.state_mut().take_evicted().iter().map(|order| order.order_id).collect();
    assert_eq!(evicted, [2, 3], "the first is old but still works");
    assert_eq!(it.engine.state().find(7, 2), 0);
    assert_eq!(it.engine.state().find(7, 1), 1);
    it.assert_replay();
}
