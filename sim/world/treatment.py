"""What becomes of the sewage: oxygen, ammonia, nitrate, soluble COD, solids, turbidity. One step is a minute.

A reduced ASM1 (Henze et al., 1987) with half-saturation constants of BSM1 (Alex et al., 2018), a fixed biofilm in the
contact-oxidation tank and a point settler. Every Monod term is taken implicitly, so that no step can make a
concentration negative. Equations, figures and their sources: docs/plant-model.md.
"""

from typing import Any

from .plant import Plant

STEP_D = 1.0 / 1440.0

# Sewage of a village behind septic tanks, g/m3 [G]
RAW_COD = 150.0
RAW_NH4 = 40.0
RAW_COLLOID = 50.0
RAW_SOLIDS = 70.0
RAW_TSS = RAW_COLLOID + RAW_SOLIDS

# ASM1 / BSM1
K_COD = 10.0
K_O2_HET = 0.2
K_O2_NIT = 0.4
K_NO3 = 0.5
K_NH4 = 1.0
YIELD = 0.67
UPTAKE_D = 4.0 / YIELD  # g COD taken up a day for each g COD of active biomass
ANOXIC_SHARE = 0.8
COD_PER_NO3 = 2.86 / (1.0 - YIELD)
O2_PER_COD = 1.0 - YIELD
O2_PER_NH4 = 4.57
TSS_PER_COD = 0.75 * YIELD

# [G], set so that the example unit does what such units do
ACTIVE_SHARE = 0.2  # g active COD in each g of suspended solids
BIOFILM_COD = 600.0  # active biomass on the carriers, g COD for each m3 of tank
NITRIFY_D = 150.0  # highest nitrification of the biofilm, g N/(m3 d)
ADSORB_D = 24.0  # removal of colloids in the presence of oxygen
DECAY_OXIC_D = 0.20
DECAY_ANOXIC_D = 0.10
DECAY_BLANKET_D = 0.05
O2_PER_SOLIDS = 1.2
O2_SATURATION = 9.1  # clean water at 20 C
O2_KG_PER_KWH = 1.0  # blower and diffusers in sewage, at no oxygen
FLOC_STEP = 1.0 / 240.0  # flocs fall apart without oxygen and form again with a time constant of 4 h
UNSETTLED = 0.002  # share of the solids that does not settle at no flow
UNSETTLED_PER_RATE2 = 0.002  # grows with the square of the surface overflow rate in m/h
UNSETTLED_BROKEN = 2.0  # and with broken flocs
BLANKET_G_M3 = 8000.0  # thickest sludge
BLANKET_SHARE = 0.6  # of the settling tank before sludge lies at the weir
DRAW_SHARE = 0.25  # of the settling tank, over which the return pump draws
LIFT_OFF_G_M3 = 800.0  # solids torn off the blanket into each m3 of effluent, times (fill - 0.5)^2
NTU_PER_G_M3 = 0.9  # turbidity is linear in suspended solids, and site-specific


class Water:
    """Concentrations in g/m3."""

    def __init__(self, cod: float, nh4: float, no3: float, colloid: float, solids: float) -> None:
        self.cod: float = cod
        self.nh4: float = nh4
        self.no3: float = no3
        self.colloid: float = colloid
        self.solids: float = solids

    def mix(self, own_m3: float, other: "Water", other_m3: float) -> None:
        """`other_m3` of `other` joins `own_m3` of this water."""
        if other_m3 <= 0.0:
            return
        share = other_m3 / (own_m3 + other_m3)
        self.cod += share * (other.cod - self.cod)
        self.nh4 += share * (other.nh4 - self.nh4)
        self.no3 += share * (other.no3 - self.no3)
        self.colloid += share * (other.colloid - self.colloid)
        self.solids += share * (other.solids - self.solids)


class Minute:
    """What moves in a minute, m3, and what stood in the stores when it began."""

    def __init__(self, plant: Plant) -> None:
        self.well_m3: float = plant.well_m3
        self.anoxic_m3: float = plant.anoxic_m3
        self.oxic_m3: float = plant.oxic_m3
        self.inflow_m3: float = 0.0
        self.lifted_m3: float = 0.0
        self.returned_m3: float = 0.0
        self.to_oxic_m3: float = 0.0
        self.to_settling_m3: float = 0.0
        self.out_m3: float = 0.0
        self.air_s: float = 0.0  # of all that the blower can give

    def add(self, plant: Plant, inflow_m3: float) -> None:
        """One second of it, as it was in the plant."""
        self.inflow_m3 += inflow_m3
        self.lifted_m3 += plant.delivered_m3
        self.returned_m3 += plant.returned_m3
        self.to_oxic_m3 += plant.to_oxic_m3
        self.to_settling_m3 += plant.to_settling_m3
        self.out_m3 += plant.out_m3
        if plant.blower.running:
            self.air_s += plant.blower.flow_share


class Treatment:
    """State of the water from the lift well to the outlet. `clear` is what leaves."""

    def __init__(self, settings: dict[str, Any]) -> None:
        oxic_m3 = float(settings["plant.oxic_m3"]) / 10.0
        self.settling_m3: float = float(settings["plant.settling_m3"]) / 10.0
        self.settling_area_m2: float = float(settings["plant.settling_area_m2"]) / 10.0
        blower_kw = float(settings["aeration.blower_power_w"]) / 1000.0
        self.transfer_d: float = blower_kw * O2_KG_PER_KWH * 1000.0 * 24.0 / (oxic_m3 * O2_SATURATION)  # kLa
        # A unit that has run well for weeks.
        self.raw: Water = Water(RAW_COD, RAW_NH4, 0.0, RAW_COLLOID, RAW_SOLIDS)
        self.well: Water = Water(RAW_COD, RAW_NH4, 0.0, RAW_COLLOID, RAW_SOLIDS)
        self.anoxic: Water = Water(15.0, 15.0, 8.0, 20.0, 1500.0)
        self.oxic: Water = Water(0.5, 2.5, 22.0, 5.0, 1300.0)
        self.clear: Water = Water(0.5, 2.5, 22.0, 5.0, 7.0)
        self.sludge: Water = Water(0.0, 0.0, 0.0, 0.0, 0.0)  # what the return pump draws
        self.o2_g_m3: float = 2.0  # in the oxic tank
        self.floc: float = 0.9  # 1 firm, 0 broken
        self.blanket_g: float = 0.08 * BLANKET_G_M3 * BLANKET_SHARE * self.settling_m3

    def turbidity_ntu(self) -> float:
        """True turbidity of the effluent, without fouling of the probe."""
        return NTU_PER_G_M3 * self.tss_g_m3()

    def tss_g_m3(self) -> float:
        """Suspended solids of the effluent."""
        return self.clear.colloid + self.clear.solids

    def fill_well(self, minute: Minute, sewage_share: float, tss_g_m3: float) -> None:
        """A minute's inflow joins the well: sewage diluted to `sewage_share`; its `tss_g_m3` below 0: not known."""
        strength = 1.0 if tss_g_m3 < 0.0 else tss_g_m3 / RAW_TSS
        self.raw.cod = RAW_COD * sewage_share
        self.raw.nh4 = RAW_NH4 * sewage_share
        self.raw.colloid = RAW_COLLOID * strength * sewage_share
        self.raw.solids = RAW_SOLIDS * strength * sewage_share
        self.well.mix(minute.well_m3, self.raw, minute.inflow_m3)

    def step(self, minute: Minute) -> None:
        """One minute, the inflow of which is in the well already."""
        self._draw_sludge(minute.returned_m3)
        self.anoxic.mix(minute.anoxic_m3, self.well, minute.lifted_m3)
        self.anoxic.mix(minute.anoxic_m3 + minute.lifted_m3, self.sludge, minute.returned_m3)
        self._denitrify(self.anoxic)
        self.oxic.mix(minute.oxic_m3, self.anoxic, minute.to_oxic_m3)
        self._aerate(self.oxic, minute.oxic_m3, minute.to_oxic_m3, minute.air_s / 60.0)
        self._settle(minute.to_settling_m3, minute.out_m3)

    def _draw_sludge(self, returned_m3: float) -> None:
        """What the return pump draws: the settling tank's water with the solids of its blanket."""
        sludge = self.sludge
        sludge.cod = self.clear.cod
        sludge.nh4 = self.clear.nh4
        sludge.no3 = self.clear.no3
        sludge.colloid = self.clear.colloid
        sludge.solids = min(self.blanket_g / (DRAW_SHARE * self.settling_m3), BLANKET_G_M3)
        self.blanket_g = max(self.blanket_g - sludge.solids * returned_m3, 0.0)

    def _denitrify(self, water: Water) -> None:
        """Nitrate as the oxidant of soluble COD, by the returned sludge."""
        most_d = UPTAKE_D * ANOXIC_SHARE / COD_PER_NO3 * ACTIVE_SHARE * water.solids
        rate_d = most_d * water.cod / (K_COD + water.cod) / (K_NO3 + water.no3)
        gone = water.no3 - water.no3 / (1.0 + rate_d * STEP_D)
        gone = min(gone, water.cod / COD_PER_NO3)
        water.no3 -= gone
        water.cod -= gone * COD_PER_NO3
        water.solids += gone * COD_PER_NO3 * TSS_PER_COD
        water.solids /= 1.0 + DECAY_ANOXIC_D * STEP_D

    def _aerate(self, water: Water, oxic_m3: float, to_oxic_m3: float, air_share: float) -> None:
        """Uptake of COD, nitrification, adsorption and decay in the contact-oxidation tank, and its oxygen."""
        o2 = self.o2_g_m3 * oxic_m3 / (oxic_m3 + to_oxic_m3)  # what comes in brings none
        breath = o2 / (K_O2_HET + o2)
        biomass = BIOFILM_COD + ACTIVE_SHARE * water.solids

        cod = water.cod / (1.0 + UPTAKE_D * biomass * breath / (K_COD + water.cod) * STEP_D)
        eaten = water.cod - cod
        water.cod = cod
        nh4 = water.nh4 / (1.0 + NITRIFY_D * o2 / (K_O2_NIT + o2) / (K_NH4 + water.nh4) * STEP_D)
        nitrified = water.nh4 - nh4
        water.nh4 = nh4
        water.no3 += nitrified
        colloid = water.colloid / (1.0 + ADSORB_D * breath * STEP_D)
        water.solids += water.colloid - colloid + eaten * TSS_PER_COD
        water.colloid = colloid
        solids = water.solids / (1.0 + DECAY_OXIC_D * breath * STEP_D)
        burnt = water.solids - solids
        water.solids = solids

        used = O2_PER_COD * eaten + O2_PER_NH4 * nitrified + O2_PER_SOLIDS * burnt
        transfer = self.transfer_d * air_share * STEP_D
        # Consumption in proportion to the oxygen left: implicit, so never below 0.
        use_rate = used / o2 if o2 > 1e-9 else 0.0
        self.o2_g_m3 = (o2 + transfer * O2_SATURATION) / (1.0 + transfer + use_rate)
        self.floc += FLOC_STEP * (self.o2_g_m3 / (K_O2_HET + self.o2_g_m3) - self.floc)

    def _settle(self, to_settling_m3: float, out_m3: float) -> None:
        """Most solids fall into the blanket; a share stays, and a full blanket gives some back."""
        rate_m_h = out_m3 * 60.0 / self.settling_area_m2
        stays = UNSETTLED + UNSETTLED_PER_RATE2 * rate_m_h * rate_m_h
        stays = min(stays * (1.0 + UNSETTLED_BROKEN * (1.0 - self.floc)), 1.0)
        arriving = self.oxic.solids
        self.blanket_g += (1.0 - stays) * arriving * to_settling_m3
        self.blanket_g /= 1.0 + DECAY_BLANKET_D * STEP_D
        self.oxic.solids = stays * arriving  # only while it joins the clear water
        self.clear.mix(self.settling_m3, self.oxic, to_settling_m3)
        self.oxic.solids = arriving
        fill = self.blanket_g / (BLANKET_G_M3 * BLANKET_SHARE * self.settling_m3)
        if fill > 0.5:
            torn_g = min(LIFT_OFF_G_M3 * (fill - 0.5) * (fill - 0.5) * out_m3, self.blanket_g)
            self.blanket_g -= torn_g
            self.clear.solids += torn_g / self.settling_m3
