//! What only the operating system can give: pages, cores, priorities. A refusal is never a failure:
//! it becomes one warning and a field of the status.

use std::io;

/// What was asked of the system and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    fields: Vec<(&'static str, Result<String, String>)>,
}

impl Status {
    pub fn note(&mut self, what: &'static str, outcome: Result<String, String>) {
        self.fields.push((what, outcome));
    }

    /// Each request in order: its name, and what was granted (`Ok`) or why not (`Err`).
    pub fn fields(&self) -> &[(&'static str, Result<String, String>)] {
        &self.fields
    }

    /// One line that names everything refused, or None.
    pub fn warning(&self) -> Option<String> {
        let refused: Vec<String> = self
            .fields
            .iter()
            .filter_map(|(what, outcome)| outcome.as_ref().err().map(|why| format!("{what}: {why}")))
            .collect();
        (!refused.is_empty()).then(|| format!("the system refused {}", refused.join("; ")))
    }
}

fn check(code: libc::c_int, granted: &str) -> Result<String, String> {
    if code == 0 { Ok(granted.into()) } else { Err(io::Error::last_os_error().to_string()) }
}

pub(super) fn populate(base: *mut u8, length: usize) -> Result<String, String> {
    const MADV_POPULATE_WRITE: libc::c_int = 23;
    // SAFETY: faults in our own mapping without changing its contents.
    let code = unsafe { libc::madvise(base.cast(), length, MADV_POPULATE_WRITE) };
    check(code, "populated")
}

pub(super) fn lock(base: *mut u8, length: usize) -> Result<String, String> {
    // SAFETY: locks our own mapping.
    check(unsafe { libc::mlock(base.cast(), length) }, "locked")
}

/// Transparent huge pages on shared memory, where `shmem_enabled` allows them.
pub(super) fn advise_huge(base: *mut u8, length: usize) -> Result<String, String> {
    let setting =
        std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/shmem_enabled").unwrap_or_default();
    // SAFETY: advice on our own mapping.
    check(unsafe { libc::madvise(base.cast(), length, libc::MADV_HUGEPAGE) }, "advised")?;
    if ["[always]", "[within_size]", "[advise]", "[force]"].iter().any(|s| setting.contains(s)) {
        Ok("advised".into())
    } else {
        Err(format!("transparent huge pages for shared memory are off (shmem_enabled: {})", setting.trim()))
    }
}

pub(super) fn bind_memory(base: *mut u8, length: usize, node: u32) -> Result<String, String> {
    const MPOL_BIND: libc::c_ulong = 2;
    const MPOL_MF_MOVE: libc::c_ulong = 2;
    if node >= 64 {
        return Err(format!("node {node} is above 63"));
    }
    let mask: libc::c_ulong = 1 << node;
    // SAFETY: `mask` lives through the call; the policy is for our own mapping.
    let code =
        unsafe { libc::syscall(libc::SYS_mbind, base, length, MPOL_BIND, &mask, 65usize, MPOL_MF_MOVE) };
    check(code as libc::c_int, &format!("node {node}"))
}

/// Scheduling class of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchedulingClass {
    Other,
    Fifo(u8),
    RoundRobin(u8),
}

/// Where and how a thread runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// Cores that the thread may use; empty leaves them.
    pub cores: Vec<usize>,
    pub scheduling: Option<SchedulingClass>,
    /// Prefer memory of this node for what the thread allocates.
    pub numa_node: Option<u32>,
}

/// Applies a placement to the calling thread.
pub fn place_thread(placement: &Placement) -> Status {
    let mut status = Status::default();
    if !placement.cores.is_empty() {
        status.note("affinity", set_affinity(&placement.cores));
    }
    if let Some(class) = placement.scheduling {
        status.note("scheduling", set_scheduling(class));
    }
    if let Some(node) = placement.numa_node {
        status.note("numa_node", prefer_node(node));
    }
    status
}

fn set_affinity(cores: &[usize]) -> Result<String, String> {
    if let Some(core) = cores.iter().find(|c| **c >= libc::CPU_SETSIZE as usize) {
        return Err(format!("core {core} does not exist"));
    }
    // SAFETY: an all-zero cpu_set_t is the empty set; indices were checked.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        cores.iter().for_each(|c| libc::CPU_SET(*c, &mut set));
        set
    };
    // SAFETY: `set` lives through the call; 0 is the calling thread.
    let code = unsafe { libc::sched_setaffinity(0, std::mem::size_of_val(&set), &set) };
    check(code, &format!("cores {cores:?}"))
}

fn set_scheduling(class: SchedulingClass) -> Result<String, String> {
    let (policy, priority) = match class {
        SchedulingClass::Other => (libc::SCHED_OTHER, 0),
        SchedulingClass::Fifo(priority) => (libc::SCHED_FIFO, priority),
        SchedulingClass::RoundRobin(priority) => (libc::SCHED_RR, priority),
    };
    let parameter = libc::sched_param { sched_priority: priority as libc::c_int };
    // SAFETY: `parameter` lives through the call; 0 is the calling thread.
    check(unsafe { libc::sched_setscheduler(0, policy, &parameter) }, &format!("{class:?}"))
}

fn prefer_node(node: u32) -> Result<String, String> {
    const MPOL_PREFERRED: libc::c_ulong = 1;
    if node >= 64 {
        return Err(format!("node {node} is above 63"));
    }
    let mask: libc::c_ulong = 1 << node;
    // SAFETY: `mask` lives through the call.
    let code = unsafe { libc::syscall(libc::SYS_set_mempolicy, MPOL_PREFERRED, &mask, 65usize) };
    check(code as libc::c_int, &format!("node {node}"))
}
