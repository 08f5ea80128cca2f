//! The protobuf packages: `alphapulse.relay.v1` is `relay::v1`.
// @generated
pub mod common {
    pub mod v1 {
        include!("alphapulse/common/v1/alphapulse.common.v1.rs");
    }
}
pub mod execution {
    pub mod v1 {
        include!("alphapulse/execution/v1/alphapulse.execution.v1.rs");
    }
}
pub mod registry {
    pub mod v1 {
        include!("alphapulse/registry/v1/alphapulse.registry.v1.rs");
    }
}
pub mod relay {
    pub mod v1 {
        include!("alphapulse/relay/v1/alphapulse.relay.v1.rs");
    }
}
pub mod strategy {
    pub mod v1 {
        include!("alphapulse/strategy/v1/alphapulse.strategy.v1.rs");
    }
}
pub mod system {
    pub mod v1 {
        include!("alphapulse/system/v1/alphapulse.system.v1.rs");
    }
}
