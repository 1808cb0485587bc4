//! All that planning looks at, in one snapshot, and what is new of it.

use std::sync::Arc;

use picket_domain::{Base, BuildRecord, ChannelName, Facts, OnBase, Policy, PortOf, PrNumber};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::version::{self, NOTHING, Version};
use crate::{assessments, audit, bases, candidates, impacts, outcomes, receptions, releases, team};

/// What is known about some channels at one moment.
#[derive(Debug, Clone)]
pub struct AllFacts {
    /// The moment.
    pub version: Version,
    /// The facts of each channel, in the order in which their policies were given.
    pub channels: Vec<Facts>,
}

impl Store {
    /// What is known about the policy's channel at one moment. How things stand on this
    /// machine is not known to the database.
    ///
    /// # Errors
    /// The database fails.
    pub async fn facts(&self, policy: &Policy) -> Result<Facts, StoreError> {
        let all = self.all_facts([policy.clone()]).await?;
        let fact = all.channels.into_iter().next();
        Ok(fact.unwrap_or_else(|| Facts::new(policy.clone())))
    }

    /// What is known about these channels at one moment.
    ///
    /// # Errors
    /// The database fails.
    pub async fn all_facts(
        &self,
        policies: impl IntoIterator<Item = Policy>,
    ) -> Result<AllFacts, StoreError> {
        let channels = policies.into_iter().map(Facts::new).collect();
        self.read(channels, None).await
    }

    /// The same facts as they are now. Reads what has changed, and no more; where rows were
    /// removed, everything.
    ///
    /// # Errors
    /// The database fails.
    pub async fn refreshed(&self, known: &AllFacts) -> Result<AllFacts, StoreError> {
        self.read(known.channels.clone(), Some(known.version)).await
    }

    async fn read(
        &self,
        mut channels: Vec<Facts>,
        known: Option<Version>,
    ) -> Result<AllFacts, StoreError> {
        let mut snapshot = self.begin_read().await?;
        let version = version::now(&mut snapshot).await?;
        let since = known.map_or(NOTHING, |known| known.read_from(version));
        if since == NOTHING {
            channels.iter_mut().for_each(forget);
        }
        if since != version.changes {
            read_team(&mut snapshot, &mut channels).await?;
            read_candidates(&mut snapshot, &mut channels, since).await?;
            read_receptions(&mut snapshot, &mut channels, since).await?;
            for facts in &mut channels {
                read_channel(&mut snapshot, facts, since).await?;
            }
        }
        snapshot.commit().await?;
        Ok(AllFacts { version, channels })
    }
}

/// Leaves what does not come from the database.
fn forget(facts: &mut Facts) {
    let machine = std::mem::take(&mut facts.machine);
    *facts = Facts {
        machine,
        ..Facts::new(facts.policy.clone())
    };
}

/// All channels have the same team, and share it.
async fn read_team(
    connection: &mut AnyConnection,
    channels: &mut [Facts],
) -> Result<(), StoreError> {
    let team = Arc::new(team::read(connection).await?);
    for facts in channels.iter_mut().filter(|facts| facts.team != team) {
        facts.team = Arc::clone(&team);
    }
    Ok(())
}

/// All channels have the same candidates, and share them.
async fn read_candidates(
    connection: &mut AnyConnection,
    channels: &mut [Facts],
    since: i64,
) -> Result<(), StoreError> {
    let changed = candidates::changed(connection, since).await?;
    let Some((first, others)) = channels.split_first_mut() else {
        return Ok(());
    };
    if changed.is_empty() {
        return Ok(());
    }
    for (candidate, said) in changed {
        keep_said(first, candidate.pr, said);
        first.candidates.insert(candidate.pr, Arc::new(candidate));
    }
    for facts in others {
        facts.candidates = first.candidates.clone();
        facts.said_ports = first.said_ports.clone();
    }
    Ok(())
}

/// All channels share what upstream makes of their candidates.
async fn read_receptions(
    connection: &mut AnyConnection,
    channels: &mut [Facts],
    since: i64,
) -> Result<(), StoreError> {
    let changed = receptions::changed(connection, since).await?.into_iter();
    let changed = changed.map(|(pr, reading)| (pr, Arc::new(reading)));
    let Some((first, others)) = channels.split_first_mut() else {
        return Ok(());
    };
    extend(&mut first.receptions, changed.collect());
    for facts in others {
        facts.receptions = first.receptions.clone();
    }
    Ok(())
}

/// Most say nothing, before and now: then the map stays the shared one that it is.
fn keep_said(facts: &mut Facts, pr: PrNumber, said: Vec<PortOf>) {
    if !said.is_empty() {
        facts.said_ports.insert(pr, said.into());
    } else if facts.said_ports.contains_key(&pr) {
        facts.said_ports.remove(&pr);
    }
}

async fn read_channel(
    connection: &mut AnyConnection,
    facts: &mut Facts,
    since: i64,
) -> Result<(), StoreError> {
    let channel = facts.policy.channel.clone();
    let after = facts.log.last().map_or(0, |entry| entry.seq);
    for entry in audit::of_channel(connection, &channel, after).await? {
        facts.log.push(entry);
    }
    for release in releases::changed(connection, &channel, since).await? {
        facts.releases.insert(release);
    }
    let contained = assessments::contained(connection, &channel, since).await?;
    if !contained.is_empty() {
        Arc::make_mut(&mut facts.contained).extend(contained);
    }
    read_bases(connection, facts, &channel, since).await?;
    facts.under_way = read_under_way(connection, facts).await?;
    Ok(())
}

/// The build of the release that is under way: its base may be neither of those that are known.
async fn read_under_way(
    connection: &mut AnyConnection,
    facts: &Facts,
) -> Result<Arc<BuildRecord>, StoreError> {
    let mut newest = facts.releases.iter().rev();
    let Some(release) = newest.find(|release| release.is_under_way()) else {
        return Ok(Arc::default());
    };
    let known = [&facts.today, &facts.released];
    let mut known = known.into_iter().flatten();
    if let Some(on) = known.find(|on| on.base.rev == release.base.rev) {
        return Ok(on.builds.get(&release.tip).cloned().unwrap_or_default());
    }
    let of = (&release.channel, &release.base.rev);
    let attempts = outcomes::attempts(connection, of, NOTHING).await?;
    let of_tip = attempts.into_iter().filter(|(rev, _)| *rev == release.tip);
    let attempts = of_tip.map(|(_, attempt)| attempt).collect();
    Ok(Arc::new(BuildRecord { attempts }))
}

/// Reads what is known on today's base, and on that of the current release where it is another
/// one. A base that was looked at before is gone on with, whichever of the two it was.
async fn read_bases(
    connection: &mut AnyConnection,
    facts: &mut Facts,
    channel: &ChannelName,
    since: i64,
) -> Result<(), StoreError> {
    let today = bases::current(connection, channel).await?;
    let released = facts.current_release().map(|release| release.base.clone());
    let released = released.filter(|base| today.as_ref().is_some_and(|it| it.rev != base.rev));
    let mut known = [facts.today.take(), facts.released.take()];
    let mut on_base = async |base: Option<Base>| match base {
        None => Ok(None),
        Some(base) => {
            let known = known
                .iter_mut()
                .find_map(|on| on.take_if(|on| on.base.rev == base.rev));
            read_base(connection, channel, base, known, since)
                .await
                .map(Some)
        }
    };
    facts.today = on_base(today).await?;
    facts.released = on_base(released).await?;
    Ok(())
}

async fn read_base(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    base: Base,
    known: Option<OnBase>,
    since: i64,
) -> Result<OnBase, StoreError> {
    let since = if known.is_some() { since } else { NOTHING };
    let mut on = match known {
        Some(known) => OnBase { base, ..known },
        None => OnBase::new(base),
    };
    let rev = on.base.rev.clone();
    let of = (channel, &rev);
    let assessed = assessments::assessments(connection, of, since).await?;
    let assessed = assessed
        .into_iter()
        .map(|(input, it)| (input, Arc::new(it)));
    extend(&mut on.assessments, assessed.collect());
    let investigated = assessments::investigated(connection, of, since).await?;
    if !investigated.is_empty() {
        Arc::make_mut(&mut on.investigated).extend(investigated);
    }
    extend(
        &mut on.impacts,
        impacts::impacts(connection, of, since).await?,
    );
    let assembled = outcomes::assemblies(connection, of, since).await?;
    let assembled = assembled.into_iter().map(|(id, it)| (id, Arc::new(it)));
    extend(&mut on.assemblies, assembled.collect());
    for (rev, attempt) in outcomes::attempts(connection, of, since).await? {
        let record: &mut Arc<BuildRecord> = on.builds.entry(rev).or_default();
        let attempts = &mut Arc::make_mut(record).attempts;
        attempts.retain(|it| it.number != attempt.number);
        attempts.push(attempt);
        attempts.sort_by_key(|it| it.number);
    }
    Ok(on)
}

/// Adding nothing copies nothing.
fn extend<K: Ord + Clone, V: Clone>(map: &mut picket_domain::SharedMap<K, V>, new: Vec<(K, V)>) {
    if !new.is_empty() {
        map.extend(new);
    }
}
